"""The table that an export ends with: what each file is, and how far it lies from the Keras model."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from edgecad.modelfiles.file import FILES
from edgecad_export.candidates import Candidate
from edgecad_export.modelfolder.card_proof import HALF_PROOF
from edgecad_export.modelfolder.exported_file import ExportedFile

COLUMNS = (
    "file",
    "MB",
    "images",
    "d logit",
    "d score",
    "flips",
    "heat map",
    "peak",
    "identity",
    "in fp32",
    "ms",
    "made in",
)
HALF_WORDS = tuple(textwrap.wrap(f"fp16: {HALF_PROOF}", 100))
WIDTHS = (16, 7, 7, 8, 8, 6, 9, 5, 9, 8, 7, 8)


def table_of(files: Sequence[ExportedFile], refused: Sequence[Candidate] = ()) -> tuple[str, ...]:
    """Lines for a terminal of 100 columns, a legend last.

    Args:
        refused: what was asked for and does not hold.
    """
    golden = files[0].candidate.verdict.golden.images
    return (
        f"held against the Keras model on {golden} golden screens and on the images of validation that the file was",
        "not fitted to; figures are the worst of those images:",
        _line(COLUMNS),
        *(_line(_cells(entry)) for entry in files),
        *(_line(_refused_cells(candidate)) for candidate in refused),
        "d logit: of the logits' scale; flips: away from the threshold + near it; heat map: least correlation; peak:",
        "farthest shift, in cells; in fp32: nodes of the backbone kept wider; ms: one image, network alone, this CPU",
        *(HALF_WORDS if "fp16" in {entry.contract.precision for entry in files} else ()),
        *(_switched(entry.name, entry.candidate) for entry in files if _units(entry.candidate)),
    )


def _cells(entry: ExportedFile) -> tuple[str, ...]:
    return (entry.name, f"{entry.size_bytes / 1e6:.1f}", *_figures(entry.candidate, f"{entry.milliseconds:.1f}"))


def _refused_cells(candidate: Candidate) -> tuple[str, ...]:
    return (FILES[candidate.precision], "REFUSED", *_figures(candidate, "-"))


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


def _line(cells: Sequence[str]) -> str:
    first, *rest = (cell.ljust(width) if index == 0 else cell.rjust(width)
                    for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True)))  # fmt: skip
    return "  " + first + "".join(rest)
