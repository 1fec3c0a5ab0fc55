"""What this machine can run, what clashes on it, and the line that mends each.

    machine     processor, threads, memory, GPU, Jetson: facts
    packages    what is installed: facts, read from its metadata, so that a broken package is no obstacle
    judging     facts -> remarks, each with what mends it

Nothing is imported before it was looked at from outside, and nothing is changed.
"""

from edgecad.doctor.judging import Report, examine

__all__ = ["Report", "examine"]
