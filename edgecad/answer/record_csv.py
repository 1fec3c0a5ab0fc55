"""Records as comma-separated values, for spreadsheets: a header line, then a row a scan."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from edgecad.answer.records import Record

Row = TypeVar("Row", bound=Record)
Cell = str | float | None

COLUMNS: dict[str, Callable[[Record], Cell]] = {
    "scan": lambda record: record.scan,
    "frame": lambda record: record.frame,
    "id": lambda record: record.id,
    "status": lambda record: record.status,
    "stamp": lambda record: record.stamp,
    "reason": lambda record: record.reason,
    "message": lambda record: record.message,
    "label": lambda record: record.label,
    "positive": lambda record: record.positive,
    "probability": lambda record: record.probability,
    "threshold": lambda record: record.threshold,
    "threshold_from": lambda record: record.threshold_from,
    "logit_0": lambda record: record.logits[0] if record.logits else None,
    "logit_1": lambda record: record.logits[1] if record.logits else None,
    "findings": lambda record: " ".join(finding.code for finding in record.findings),
    "overruled": lambda record: "; ".join(record.overruled),
    "scan_sha256": lambda record: record.scan_sha256,
    "model": lambda record: record.model,
    "contract": lambda record: record.contract,
    "device": lambda record: record.device,
    "provider": lambda record: record.provider,
    "precision": lambda record: record.precision,
    "figure": lambda record: record.figure,
    "milliseconds": lambda record: round(sum(record.milliseconds.values()), 3) if record.milliseconds else None,
    "time": lambda record: record.time,
    "site": lambda record: record.site,
    "colour_table": lambda record: record.colour_table.table if record.colour_table else None,
    "chosen_by": lambda record: record.colour_table.chosen_by if record.colour_table else None,
    "steps": lambda record: record.colour_table.steps if record.colour_table else None,
    "layout": lambda record: record.layout,
    "familiarity": lambda record: record.familiarity,
    "familiarity_limit": lambda record: record.familiarity_limit,
    "certainty": lambda record: record.certainty,
    "zone_low": lambda record: record.zone[0] if record.zone else None,
    "zone_high": lambda record: record.zone[1] if record.zone else None,
    "recalibrated_on": lambda record: record.recalibration.patients if record.recalibration else None,
    "own_probability": lambda record: record.own_probability,
    "own_threshold": lambda record: record.own_threshold,
    "remarks": lambda record: "; ".join(record.remarks),
    "sop_instance_uid": lambda record: record.uids.sop_instance if record.uids else None,
    "study_instance_uid": lambda record: record.uids.study if record.uids else None,
    "series_instance_uid": lambda record: record.uids.series if record.uids else None,
    "chosen": lambda record: record.chosen,
    "clinical": lambda record: ("fused" if record.clinical.fused else "image-alone") if record.clinical else None,
    "clinical_baseline": lambda record: record.clinical.baseline if record.clinical else None,
    "clinical_image": lambda record: record.clinical.image if record.clinical else None,
    # Names may hold blanks, and neither commas nor equals signs.
    "clinical_terms": lambda record: ",".join(
        f"{name}={term!r}" for name, term in (record.clinical.columns if record.clinical else {}).items()
    ),
}
"""Name in the header, and what of a record stands below it; what does not apply is an empty cell. New ones come last:
a column stays where it was."""

# Excel and LibreOffice run such a cell as a formula, which may open programs or send other cells away; a line break
# or a tab before the sign does not stop them, and a Japanese Excel takes the wide signs as well.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_header(columns: Iterable[str] = COLUMNS) -> bytes:
    """The first line, UTF-8."""
    return _line(columns)


def csv_row(record: Record) -> bytes:
    """One scan's row, UTF-8, as RFC 4180 has it: a cell with a comma, a quote or a line break is quoted."""
    return csv_row_of(record, COLUMNS)


def csv_row_of(record: Row, columns: Mapping[str, Callable[[Row], Cell]]) -> bytes:
    """The same with other columns, for records of a kind that has more fields."""
    return _line(_harmless(value_of(record)) for value_of in columns.values())


def _harmless(cell: Cell) -> Cell:
    """A text that a spreadsheet would run gets an apostrophe in front, which it takes as the mark of a text.

    Names of files come from anywhere. A number is never touched: a logit below zero stays a number. A zero byte, which
    no spreadsheet reads and Python 3.10 does not write, becomes the sign for what cannot be shown.
    """
    if not isinstance(cell, str):
        return cell
    shown = cell.replace("\0", "\ufffd")
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _line(cells: Iterable[Cell]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
