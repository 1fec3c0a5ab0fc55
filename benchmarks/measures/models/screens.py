"""Report screens as files, and how `edgecad infer FOLDER` answers them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecad import Classifier


def drawn_screens(folder: Path, count: int) -> list[str]:
    """JPEG files of phantoms' screens, 1640 x 1068; their colours are those that a model of phantoms knows."""
    from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen

    scans = []
    for index in range(count):
        path = folder / f"{index}.jpg"
        path.write_bytes(jpeg_bytes(render_screen(draw_patient(0, index))))
        scans.append(str(path))
    return scans


def answer_all(classifier: Classifier, screens: Sequence[str], workers: int) -> None:
    """Answer screens as `edgecad infer FOLDER --json` does; a refusal is an error here."""
    from edgecad.inference.answering import answer
    from edgecad.system.parallel import in_order

    for outcome in in_order(lambda scan: answer(classifier, scan, "scan", draw=False), screens, workers):
        if outcome.error is not None:
            raise outcome.error
