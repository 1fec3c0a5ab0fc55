"""Rooms of the runtime's tests, and which of them come first there."""

from __future__ import annotations

NOT_BEGUN = "not begun: the time for tests was over"
"""Reason of a skip, which the summary counts."""
FIRST = (
    "golden",
    "runners",
    "engines",
    "inference",
    "modelfiles",
    "images",
    "polarmap",
    "picture",
    "answer",
    "decision",
    "verification",
    "colourtables",
    "identity",
)
"""Rooms of `tests/edgecad` that calculate, or call libraries which are compiled for a processor: what may differ there.
The others start many processes, read and write files; each process takes ten seconds and more in an emulator."""


def rank(test: str) -> int:
    """Place of a test among others, by its id: that of its room in `FIRST`, or after all of them."""
    room = room_of(test.partition("::")[0].replace("/", "."))
    return FIRST.index(room) if room in FIRST else len(FIRST)


def room_of(module: str) -> str:
    """Room of a module with dots: `images` of `tests.edgecad.images.test_orientation`; empty: it has none."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["tests", "edgecad"] and len(parts) > 3 else ""
