"""What `edgecad verify` prints: tables for a terminal of 80 columns, or one JSON object."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict

import msgspec

from edgecad.answer.prediction import stamp_of
from edgecad.cli.table import table_lines
from edgecad.golden import Replay
from edgecad.modelfiles.folder import Integrity
from edgecad.system.words import on_one_line
from edgecad.verification.against import Compared, FileComparison
from edgecad.verification.model import FileReplay, Verification

SCHEMA = 1
COLUMNS = 80
COMPARED = (
    "precision", "device", "largest\nlogits", "largest\nscore", "flips\naway", "flips\nnear", "map\nleast",
    "map\nmedian", "map\nshift",
)  # fmt: skip
"""Titles of what is compared; the legend under the table says what they mean."""
DIGEST = {"holds": "digest fits", "none": "no digest (contract of version 1)"}


def json_of(found: Verification) -> str:
    """One JSON object with everything; a figure that is not finite is null."""
    first = found.files[0].model
    record = {
        "schema": SCHEMA,
        "stamp": stamp_of(found.origin),
        "device": first.device,
        "provider": first.provider,
        "integrity": {**asdict(found.integrity), "folder": found.integrity.folder and str(found.integrity.folder)},
        "digest": found.digest,
        "files": [entry.model for entry in found.files],
        "replays": [_replay_record(entry, row) for entry in found.files for row in entry.replays],
        "compared": found.compared,
    }
    return msgspec.json.encode(record).decode()


def _replay_record(entry: FileReplay, row: Replay) -> dict[str, object]:
    return {"file": entry.model.file, "precision": entry.model.precision, **asdict(row), "holds": row.holds}


def lines_of(found: Verification) -> Iterator[str]:
    """Lines for people."""
    first = found.files[0].model
    yield stamp_of(found.origin)
    yield f"{_integrity(found.integrity)}; {DIGEST[found.digest]}"
    yield f"golden samples on {first.device} ({first.provider}):"
    rows = ((entry.model.precision, *_replay(row)) for entry in found.files for row in entry.replays)
    yield from table_lines(("precision", "sample", "logit difference", "heat map", ""), rows, "llrrl")
    if found.compared is not None:
        yield from _compared(found.compared)


def _integrity(integrity: Integrity) -> str:
    if integrity.folder is None:
        return "files: a lone file, without sums or signature"
    signed = {
        "holds": "signed with the key given",
        "not checked": "signature not checked (give --key)",
        "none": "not signed",
    }[integrity.signature]
    if integrity.sums == "none":
        return f"files: the folder has no SHA256SUMS, so none was checked; {signed}"
    return f"files: {len(integrity.files)}, all as SHA256SUMS says; {signed}"


def _replay(row: Replay) -> tuple[str, ...]:
    if row.skipped:
        return row.sample, f"not replayed: {row.skipped}"
    return row.sample, f"{row.logits:.1e}", f"{row.heatmap:.6f}", "holds" if row.holds else "DIFFERS"


def _compared(result: Compared) -> Iterator[str]:
    answered = result.scans - len(result.unanswered)
    what = "golden screens" if result.golden else "scans"
    reference = result.reference
    yield (
        f"compared with {reference.file}, {reference.sha256[:12]} ({reference.backbone}, {reference.precision}, "
        f"{reference.device})"
    )
    yield f"on {answered} of {result.scans} {what}:"
    rows = ((row.model.precision, row.model.device, *_figures(row)) for row in result.rows)
    yield from table_lines(COMPARED, rows, "llrrrrrrr")
    yield from _legend(result)
    for entry in result.unanswered:
        yield f"not compared: {on_one_line(entry.scan)}: {entry.by} refused it ({entry.reason}): {entry.message}"


def _figures(row: FileComparison) -> tuple[str, ...]:
    figures = row.figures
    if figures is None:
        return ("nothing to compare: no scan was answered by all",)
    return (
        f"{figures.logits:.1e}",
        f"{figures.probabilities:.1e}",
        str(figures.flips),
        str(figures.flips_in_neighbourhood),
        f"{figures.heatmap_correlation:.5f}",
        f"{figures.heatmap_median:.5f}",
        f"{figures.peak_shift:.1f}",
    )


def _legend(result: Compared) -> Iterator[str]:
    near = ", ".join(f"{row.neighbourhood:g} ({row.model.precision})" for row in result.rows)
    grids = sorted({row.grid for row in result.rows if row.grid})
    cells = ", ".join(f"{rows}x{columns}" for rows, columns in grids) or "no"
    legend = (
        f"largest: difference, of logits by their scale; flips: of the decision, near: where the reference's score is "
        f"within {near} of its threshold; map: correlation of heat maps on {cells} cells, shift of the peak in cells"
    )
    yield from textwrap.wrap(legend, COLUMNS, initial_indent="  ", subsequent_indent="  ")
