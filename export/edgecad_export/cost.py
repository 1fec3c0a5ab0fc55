"""What an int8 file costs and gains, in words: how much of it is in 8 bits, and its time beside fp32's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.precision.narrowed import Narrowed

WORTH = 0.9
"""Share of fp32's time from which on a second file is not worth it."""


def work_words(narrowed: Narrowed) -> str:
    """How much of the network is in fewer bits; nothing where nobody counted."""
    return "" if narrowed.work is None else f"{narrowed.work:.0%} of the multiply-adds in 8 bits"


def gains(files: Sequence[ExportedFile]) -> Iterator[str]:
    """A line for each int8 file: what is in 8 bits, and whether that made it faster on this machine.

    Args:
        files: fp32 first.
    """
    for file in files[1:]:
        if words := work_words(file.candidate.narrowed):
            yield f"{file.contract.precision}: {words}; {_time(file, files[0])}"


def _time(file: ExportedFile, fp32: ExportedFile) -> str:
    share = file.milliseconds / fp32.milliseconds
    words = f"one image takes {share:.2f} of fp32's time on this CPU"
    step = f", so use {fp32.name} here; measure with `edgecad bench` where it will run"
    return words if share < WORTH else words + step
