"""TensorRT engines: built from an ONNX file on the machine that will run them, kept under their content's key.

    builder     build_engine: one engine and its sidecar, by a process of its own
    cache       the user's folder of engines: found again, rebuilt when anything differs
    record      what an engine was built from and for; `why_stale`
    libraries   the modules `tensorrt` and `tensorrt_rtx`, which one is taken
    gpu         the GPU and its driver, as the driver itself tells
    plan        the building itself: an ONNX file's bytes become a plan's
    child, process, messages    both ends of the process that builds
    lock        one build of a key at a time

Running an engine, and replaying the golden samples on it, is the work of a runner above; `prove` in `builder` and
`cache` is where it is called before an engine gets its name.
"""

TIME_LIMIT = 1800.0
"""Seconds that a build may take; a small GPU takes many minutes for a large network."""
