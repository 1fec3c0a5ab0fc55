"""The table that an export ends with: what each file is, and how far it lies from the Keras model."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from edgecad.cli.table import table_lines
from edgecad.modelfiles.file import FILES
from edgecad_export.candidates import Candidate
from edgecad_export.cost import gains
from edgecad_export.modelfolder.card_proof import HALF_PROOF
from edgecad_export.modelfolder.exported_file import ExportedFile

TITLES = ("file", "MB", "images", "d logit", "d score", "flips", "heat\nmap", "peak", "identity", "in\nfp32", "ms",
          "made\nin")  # fmt: skip
LEGEND = (
    "d logit: of the logits' scale; flips of label or certainty: away from where they change + near it; heat map: "
    "least correlation; peak: farthest shift, in cells; in fp32: nodes of the backbone kept wider; ms: one image, "
    "network alone, this CPU"
)
WIDTH = 100
"""Columns of a terminal that everything fits."""


def table_of(files: Sequence[ExportedFile], refused: Sequence[Candidate] = ()) -> tuple[str, ...]:
    """Lines for a terminal of 100 columns, a legend last.

    Args:
        refused: what was asked for and does not hold.
    """
    golden = files[0].candidate.verdict.golden.images
    above = (
        f"held against the Keras model on {golden} golden screens and on the images of validation that the file was "
        "not fitted to; figures are the worst of those images:"
    )
    below = [
        LEGEND,
        *gains(files),
        *(_switched(entry.name, entry.candidate) for entry in files if _units(entry.candidate)),
    ]
    if "fp16" in {entry.contract.precision for entry in files}:
        below.insert(1, f"fp16: {HALF_PROOF}")
    rows = [*map(_cells, files), *map(_refused_cells, refused)]
    return (
        *textwrap.wrap(above, WIDTH),
        *table_lines(TITLES, rows, "l" + "r" * (len(TITLES) - 1)),
        *(line for text in below for line in textwrap.wrap(text, WIDTH)),
    )


def _cells(entry: ExportedFile) -> tuple[str, ...]:
    return (_stem(entry.name), f"{entry.size_bytes / 1e6:.1f}", *_figures(entry.candidate, f"{entry.milliseconds:.1f}"))


def _refused_cells(candidate: Candidate) -> tuple[str, ...]:
    return (_stem(FILES[candidate.precision]), "REFUSED", *_figures(candidate, "-"))


def _units(candidate: Candidate) -> int:
    """Hidden units that a file's ReLUs switched, on all images."""
    return candidate.verdict.validation.switched + candidate.verdict.golden.switched


def _switched(name: str, candidate: Candidate) -> str:
    count = _units(candidate)
    return (
        f"{name}: {count} hidden unit{'' if count == 1 else 's'} stood so near zero that a ReLU switched; maps are "
        "compared under its own switches"
    )


def _figures(candidate: Candidate, milliseconds: str) -> tuple[str, ...]:
    parity = candidate.verdict.validation
    return (
        str(parity.images),
        f"{parity.logits:.1e}",
        f"{parity.probabilities:.1e}",
        f"{parity.flips}+{parity.flips_in_neighbourhood}",
        f"{parity.heatmap_correlation:.5f}",
        f"{parity.peak_shift:.1f}",
        f"{parity.identity:.1e}",
        str(len(candidate.narrowed.wider)),
        milliseconds,
        f"{candidate.seconds:.0f} s",
    )


def _stem(name: str) -> str:
    return name.removesuffix(".onnx")
