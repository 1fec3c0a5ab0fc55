"""Draw the runtime's golden samples: python -m edgecad_train.phantoms.golden edgecad/golden/samples

They are package data of the runtime, so they are drawn once and kept: redrawn samples are other
samples, and every model exported before would have to be exported again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2

from edgecad_train.phantoms.encoding import dicom_bytes, jpeg_bytes, png_bytes
from edgecad_train.phantoms.population import draw_patient
from edgecad_train.phantoms.screen import render_screen

SEED = 2022
SHRUNK = (512, 334)
"""Width and height of the samples in formats that do not compress well, pixels."""


def write_golden(folder: Path) -> None:
    """Write one sample a format."""
    folder.mkdir(parents=True, exist_ok=True)
    first, second, third = (render_screen(draw_patient(SEED, index)) for index in (1, 2, 3))
    (folder / "phantom-1.jpg").write_bytes(jpeg_bytes(first))
    small = [cv2.resize(screen, SHRUNK, interpolation=cv2.INTER_AREA) for screen in (second, third)]
    (folder / "phantom-2.png").write_bytes(png_bytes(small[0]))
    (folder / "phantom-3.dcm").write_bytes(dicom_bytes(small[1]))


if __name__ == "__main__":
    write_golden(Path(sys.argv[1]))
