"""Phantoms: report screens of hearts that never were, with the truth behind each of them.

The way of a phantom, one module a step:

    population   who the patient is, and what a reader says     (draw_patient)
    uptake       what a camera measures, percent of maximum     (percent_map)
    screen       what a report shows, 1640x1068 RGB             (render_screen)
    encoding     JPEG, PNG, DICOM bytes
    dataset      a folder that `edgecad train` takes            (write_dataset)
    orientation  how all of them lie, for series of scans   (PHANTOMS)
    imitations   any map, through any colour table, in the layouts that hospitals have

No clinical number may come from phantoms. They show that the machinery works, never how well.
"""

from __future__ import annotations

from edgecad_train.phantoms.dataset import DatasetSummary, write_dataset
from edgecad_train.phantoms.encoding import dicom_bytes, jpeg_bytes, png_bytes
from edgecad_train.phantoms.layouts import with_text_over_disc
from edgecad_train.phantoms.palettes import PALETTES
from edgecad_train.phantoms.patient import Defect, Layout, PhantomPatient, Uptake
from edgecad_train.phantoms.population import draw_patient
from edgecad_train.phantoms.screen import render_screen
from edgecad_train.phantoms.uptake import percent_map

__all__ = [
    "PALETTES",
    "DatasetSummary",
    "Defect",
    "Layout",
    "PhantomPatient",
    "Uptake",
    "dicom_bytes",
    "draw_patient",
    "jpeg_bytes",
    "percent_map",
    "png_bytes",
    "render_screen",
    "with_text_over_disc",
    "write_dataset",
]
