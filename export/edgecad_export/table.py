"""The table that an export ends with: what each file is, and how far it lies from the Keras model."""

from __future__ import annotations

from collections.abc import Sequence

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
WIDTHS = (16, 7, 7, 8, 8, 6, 9, 5, 9, 8, 7, 8)


def table_of(files: Sequence[ExportedFile]) -> tuple[str, ...]:
    """Lines for a terminal of 100 columns, a legend last."""
    golden = files[0].candidate.verdict.golden.images
    return (
        f"held against the Keras model on {golden} golden screens and on the images of validation that the file was",
        "not fitted to; figures are the worst of those images:",
        _line(COLUMNS),
        *(_line(_cells(entry)) for entry in files),
        "d logit: of the logits' scale; flips: away from the threshold + near it; heat map: least correlation; peak:",
        "farthest shift, in cells; in fp32: nodes of the backbone kept wider; ms: one image, network alone, this CPU",
    )


def _cells(entry: ExportedFile) -> tuple[str, ...]:
    candidate, parity = entry.candidate, entry.candidate.verdict.validation
    return (
        entry.name,
        f"{entry.size_bytes / 1e6:.1f}",
        str(parity.images),
        f"{parity.logits:.1e}",
        f"{parity.probabilities:.1e}",
        f"{parity.flips}+{parity.flips_in_neighbourhood}",
        f"{parity.heatmap_correlation:.5f}",
        f"{parity.peak_shift:.1f}",
        f"{parity.identity:.1e}",
        str(len(candidate.narrowed.wider)),
        f"{entry.milliseconds:.1f}",
        f"{candidate.seconds:.0f} s",
    )


def _line(cells: Sequence[str]) -> str:
    first, *rest = (cell.ljust(width) if index == 0 else cell.rjust(width)
                    for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True)))  # fmt: skip
    return "  " + first + "".join(rest)
