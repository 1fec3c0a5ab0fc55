"""Texts made harmless for a page, and what of a record is said in few words."""

from __future__ import annotations

import html
import re
from typing import Literal
from urllib.parse import quote

from edgecad.answer.prediction import FORCED_STAMP, PHANTOM_STAMP, told_apart
from edgecad.picture.verdict import UNPROVEN, UNPROVEN_STAMP
from edgecad.spool.index import SpoolRecord

State = Literal["above", "below", "uncertain", "refused", "failed", "copy"]
SHORT_HASH = 8
"""Digits of a hash for people."""
CALM = re.compile(r"RESEARCH\b[ -~]*")
"""A stamp that only says what a model is; any other warns."""


def shown(text: str) -> str:
    """A text from anywhere as HTML, within an element or an attribute in quotes.

    What has no sign of its own, or turns the direction of what follows, becomes a replacement sign.
    """
    return html.escape("".join(map(_visible, text)))


def _visible(sign: str) -> str:
    return sign if sign.isprintable() else " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}"


def link(path: str) -> str:
    """A path relative to OUT as a page in OUT/days links to it, for an attribute in quotes."""
    return f"../{quote(path)}"


def moment_of(record: SpoolRecord) -> str:
    """When a record was answered, refused or failed; records of schema 1 say only when they were written."""
    return record.time or record.recorded


def clock_words(moment: str) -> str:
    """The time of day to the second; a moment that is none as it is."""
    found = re.fullmatch(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\S*", moment)
    return shown(found[1] if found else moment)


def state_of(record: SpoolRecord) -> State:
    """By which icon a record is shown."""
    if record.status != "answered":
        return record.status
    if record.certainty == "uncertain":
        return "uncertain"
    return "above" if is_above(record) else "below"


def is_above(record: SpoolRecord) -> bool:
    """Whether an answer's score reaches its threshold."""
    score, threshold = numbers_of(record)
    return score >= threshold


def numbers_of(record: SpoolRecord) -> tuple[float, float]:
    """Score and threshold of an answer, 0 to 1."""
    return record.probability or 0.0, record.threshold or 0.0


def figures_of(record: SpoolRecord) -> tuple[str, str]:
    """The same for people, escaped, with as many digits as tell them apart."""
    score, threshold = numbers_of(record)
    words = told_apart(score, threshold)
    return shown(words[0]), shown(words[-1])


def is_trusted(record: SpoolRecord) -> bool:
    """Whether an answer may have its colour: it was not forced, and nothing speaks against its model."""
    return not record.overruled and not UNPROVEN & {finding.code for finding in record.findings}


def model_stamp(record: SpoolRecord) -> str:
    """What must stand on a page with this record: its model's stamp; that it was forced stands in its row."""
    stamp = record.stamp.removeprefix(f"{FORCED_STAMP} - ")
    unproven = UNPROVEN & {finding.code for finding in record.findings}
    return f"{UNPROVEN_STAMP} - {stamp}" if unproven else stamp


def warns(stamp: str) -> bool:
    """Whether a stamp warns, and so has its stripes."""
    return PHANTOM_STAMP in stamp or CALM.fullmatch(stamp) is None


def name_of_scan(record: SpoolRecord) -> str:
    """Whose scan it is, as far as the record says, and the beginning of its hash; HTML."""
    sha = (record.scan_sha256 or "")[:SHORT_HASH]
    hashed = bool(sha) and record.scan.startswith(sha)
    name = record.id or (sha if hashed else record.scan)
    also = [*([record.scan] if record.id and not hashed and record.scan != record.id else []), sha]
    small = "".join(f"<small>{shown(each)}</small>" for each in also if each and each != name)
    frame = "" if record.frame is None else f"<small>frame {record.frame}</small>"
    return f"<b><bdi>{shown(name)}</bdi></b>{small}{frame}"
