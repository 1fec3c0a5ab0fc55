"""Which of a file's frames is meant: counted from 1, as DICOM does."""

from __future__ import annotations

from edgecad.errors import InputRefused, UsageError


def check_number(chosen: int | None) -> None:
    """Hold the number that a caller chose against how frames are counted.

    Raises:
        UsageError: it is below 1, or no whole number.
    """
    if chosen is not None and (isinstance(chosen, bool) or not isinstance(chosen, int)):
        raise UsageError(f"frame {chosen!r} is no whole number; frames are counted 1, 2, 3 ...")
    if chosen is not None and chosen < 1:
        raise UsageError(f"frame {chosen} does not exist; frames are counted from 1")


def frame_index(chosen: int | None, count: int) -> int:
    """Index, from 0, of the frame to read among `count`; a file with one needs no choice.

    Raises:
        InputRefused: `several-frames` where none was chosen, `no-such-frame` where it is not there.
    """
    if chosen is None and count == 1:
        return 0
    if chosen is None:
        raise InputRefused(
            "several-frames",
            f"holds {count} frames; wanted one screen: name its frame, 1 to {count}, as in edgecad infer --frame 1",
        )
    if chosen > count:
        there = f"1 to {count}" if count > 1 else "1, the only one"
        raise InputRefused("no-such-frame", f"holds no frame {chosen}; wanted one that is there: name {there}")
    return chosen - 1
