"""A map at rest beside each phantom's, for what reads several maps of a patient.

The heart, the camera, the screen and its colour table are the same. At rest there is no defect: every defect of these
phantoms is one of stress alone, and none is a scar. Counts are drawn anew.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen
from measures.decisions.runs import draw_phantoms

NAME = "rest"
AT_REST = 100_000
"""Added to a phantom's seed for the counts at rest."""
LISTED = "maps.csv"


def draw_maps(place: Path, name: str, count: int, seed: int, *options: str) -> Path:
    """Have a data folder of phantoms with maps at rest in `place`.

    Returns:
        The CSV of both maps.
    """
    draw_phantoms(place, name, count, seed, *options)
    folder = place / name
    listed = folder / LISTED
    if listed.is_file():
        return listed
    (folder / NAME).mkdir(exist_ok=True)
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = [{**row, f"map:{NAME}": f"{NAME}/{row['patient']}.jpg"} for row in csv.DictReader(file)]
    for index, row in enumerate(rows):
        patient = draw_patient(seed, index)
        rest = replace(patient, defects=(), seed=AT_REST + seed)
        (folder / row[f"map:{NAME}"]).write_bytes(jpeg_bytes(render_screen(rest)))
    partial = listed.with_suffix(".partial")
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(listed)
    return listed
