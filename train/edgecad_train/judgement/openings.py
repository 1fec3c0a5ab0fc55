"""An evaluation opens its patients: who chooses among models by them chooses on them, so it is counted as well."""

from __future__ import annotations

from pathlib import Path

from edgecad.contract import Openings
from edgecad_train.data.openings import count_opening, new_opening
from edgecad_train.judgement.scoring import ScoredPatients

CHOOSING = "who chooses among models by these figures chooses on these patients"


def count_evaluation(data: Path, one: ScoredPatients, other: ScoredPatients | None) -> Openings:
    """Count that patients were answered by one model, or by two side by side: one opening in both cases.

    Args:
        data: folder or CSV of the scans.
    """
    hashes = dict(zip(one.patients, one.files or ((frozenset[str]()),) * len(one.patients), strict=True))
    if other:
        more = zip(other.patients, other.files or ((frozenset[str]()),) * len(other.patients), strict=True)
        hashes = {**dict(more), **hashes}
    return count_opening(data, new_opening("evaluate"), tuple(hashes.values()))


def evaluation_opening_words(openings: Openings) -> str:
    """How often these patients were looked at before, and what follows from it, without a full stop."""
    words = openings.words("patients")
    return f"{words}; {CHOOSING}" if openings.before else words
