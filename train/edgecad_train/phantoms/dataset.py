"""A folder of phantoms as `edgecad train` takes it: class folders, `labels.csv` and `PHANTOMS.json`.

OUT/CAD/phantom-0001.jpg
OUT/nonCAD/phantom-0002.jpg
OUT/masks/phantom-0001.png   where its defects take away uptake; none for a phantom without
OUT/labels.csv      path,label,patient and the truth; paths relative to the CSV
OUT/PHANTOMS.json   origin, seed, count, versions; its presence marks the folder as ours
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

import edgecad
from edgecad.errors import UsageError
from edgecad.system.folders import check_writable
from edgecad_train.classes import CLASSES, LabelRule
from edgecad_train.phantoms.encoding import jpeg_bytes, mask_bytes
from edgecad_train.phantoms.mark import LABELS_NAME, MARK_NAME, MASKS_NAME, files_named
from edgecad_train.phantoms.palettes import palette_named
from edgecad_train.phantoms.patient import Label, PhantomPatient
from edgecad_train.phantoms.population import draw_patient, labelled_by, noiseless_label
from edgecad_train.phantoms.screen import render_screen
from edgecad_train.phantoms.uptake import defect_mask

SCHEMA = 1
COLUMNS = (
    "path",
    "label",
    "patient",
    "segments",
    "territories",
    "extent",
    "severity",
    "deficit_percent",
    "noiseless_label",
    "sex",
    "palette",
    "disc_diameter",
    "disc_x",
    "disc_y",
    "colour_bar",
    "text",
    "mask",
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class DatasetSummary:
    """What was written: `cad` of `patients` are labelled CAD, `disagreeing` labels are reader noise."""

    out: Path
    patients: int
    cad: int
    disagreeing: int
    seed: int
    palette: str | None
    rule: LabelRule = "deficit"

    @property
    def prevalence(self) -> float:
        """Share labelled CAD, 0 to 1."""
        return self.cad / self.patients

    @property
    def disagreement(self) -> float:
        """Share of labels that a reader without noise would have given otherwise, 0 to 1."""
        return self.disagreeing / self.patients


def relative_path(patient: PhantomPatient) -> str:
    """Return where a patient's screen lies inside the folder, with forward slashes."""
    return f"{patient.label}/{patient.patient}.jpg"


def mask_path(patient: PhantomPatient) -> str:
    """Return where the mask of a patient's defects lies inside the folder, with forward slashes."""
    return f"{MASKS_NAME}/{patient.patient}.png"


def _without_noise(patient: PhantomPatient, rule: LabelRule) -> Label:
    """Label of a reader without noise; an artery's rule has none."""
    return noiseless_label(patient.deficit) if rule == "deficit" else patient.label


def _row(patient: PhantomPatient, rule: LabelRule) -> dict[str, str | int]:
    layout = patient.layout
    return {
        "path": relative_path(patient),
        "label": patient.label,
        "patient": patient.patient,
        "segments": " ".join(str(number) for number in patient.segments),
        "territories": " ".join(patient.territories),
        "extent": f"{patient.extent:.4f}",
        "severity": f"{patient.severity:.4f}",
        "deficit_percent": f"{patient.deficit:.4f}",
        "noiseless_label": _without_noise(patient, rule),
        "sex": patient.uptake.sex,
        "palette": patient.palette,
        "disc_diameter": layout.diameter,
        "disc_x": layout.centre_x,
        "disc_y": layout.centre_y,
        "colour_bar": int(layout.colour_bar),
        "text": layout.text,
        "mask": mask_path(patient) if patient.defects else "",
    }


def _csv_text(patients: Iterable[PhantomPatient], rule: LabelRule) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_row(patient, rule) for patient in patients)
    return buffer.getvalue()


def _mark(summary: DatasetSummary, files: list[str]) -> str:
    content = {
        "schema": SCHEMA,
        "origin": "phantom",
        "note": "synthetic polar maps, no patients, research use only",
        "seed": summary.seed,
        "patients": summary.patients,
        "cad": summary.cad,
        "palette": summary.palette,
        "label_rule": summary.rule,
        "versions": {"edgecad": edgecad.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
        "files": files,
    }
    return json.dumps(content, indent=1) + "\n"


def _make_room(out: Path, force: bool, files: set[str]) -> None:
    """Leave `out` an existing folder without phantoms; other people's files stay where they are.

    `files` are those to come, relative to `out`: one that somebody else put there is refused.
    """
    mark = out / MARK_NAME
    if out.exists() and any(out.iterdir()):
        if not mark.is_file():
            raise UsageError(f"{out} is not empty and holds no phantoms: give a new or empty folder")
        if not force:
            raise UsageError(f"{out} holds phantoms already: give another OUT, or --force to replace them")
        own = files_named(mark)
        others = [name for name in sorted(files) if (out / name).exists() and out / name not in own]
        if others:
            raise UsageError(f"{out / others[0]} is no phantom of this folder and would be lost: give another OUT")
        for path in own:
            path.unlink(missing_ok=True)
        mark.unlink()
    for name in (*CLASSES, MASKS_NAME):
        (out / name).mkdir(parents=True, exist_ok=True)


def _write_screens(out: Path, patients: list[PhantomPatient], progress: Progress | None) -> None:
    for done, patient in enumerate(patients, start=1):
        (out / relative_path(patient)).write_bytes(jpeg_bytes(render_screen(patient)))
        if patient.defects:
            (out / mask_path(patient)).write_bytes(mask_bytes(defect_mask(patient)))
        if progress is not None:
            progress(done, len(patients))


def _drawn(seed: int, index: int, palette: str | None, rule: LabelRule) -> PhantomPatient:
    patient = labelled_by(rule, draw_patient(seed, index))
    return patient if palette is None else replace(patient, palette=palette)


def write_dataset(
    out: Path,
    patients: int,
    seed: int,
    palette: str | None = None,
    progress: Progress | None = None,
    *,
    force: bool = False,
    rule: LabelRule = "deficit",
) -> DatasetSummary:
    """Write a folder of phantoms; the same arguments and versions write the same bytes.

    Args:
        out: a new or empty folder, or with `force` one that this function wrote.
        patients: how many, 1 or more; one screen each.
        seed: 0 or more.
        palette: one colour table for all, or None for a mix.
        progress: called with (done, all) after each screen.
        force: replace the phantoms that `out` holds; files that are not phantoms stay.
        rule: what labels say; see `edgecad_train.phantoms.population.labelled_by`.

    Raises:
        UsageError: a number out of range, an unknown palette, or a folder that is in use.
        OSError: the folder cannot be written; then nothing is removed or made.
    """
    if patients < 1 or seed < 0:
        raise UsageError(f"--patients {patients} --seed {seed}: wanted 1 or more patients and a seed from 0")
    if palette is not None:
        palette_named(palette)
    check_writable(out)
    drawn = [_drawn(seed, index, palette, rule) for index in range(patients)]
    files = [
        *(relative_path(patient) for patient in drawn),
        *(mask_path(patient) for patient in drawn if patient.defects),
        LABELS_NAME,
    ]
    _make_room(out, force, set(files))
    summary = DatasetSummary(
        out=out,
        patients=patients,
        cad=sum(patient.label == "CAD" for patient in drawn),
        disagreeing=sum(patient.label != _without_noise(patient, rule) for patient in drawn),
        seed=seed,
        palette=palette,
        rule=rule,
    )
    # The mark comes first: an interrupted run leaves a folder that --force may replace.
    (out / MARK_NAME).write_text(_mark(summary, files), "utf-8")
    _write_screens(out, drawn, progress)
    (out / LABELS_NAME).write_text(_csv_text(drawn, rule), "utf-8", newline="\n")
    return summary
