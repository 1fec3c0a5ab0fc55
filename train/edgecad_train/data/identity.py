"""Patients whose names tell that something went wrong: two names of one patient, or one name of nobody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from edgecad.clinical.cells import stands_for_nothing
from edgecad_train.data.labelled import Case, DataFinding

NAMED = 10
"""Most groups of patients that are named."""


def findings_about_patients(cases: Sequence[Case]) -> Iterator[DataFinding]:
    """Look at the patients' names.

    Two names that differ in capital letters, blanks or leading zeros alone may be one patient, who would then be
    learnt from in one part and judged by in another. A name such as `nan` is no patient's, and all its scans would
    count as one.
    """
    files: dict[str, list[str]] = {}
    for case in cases:
        files.setdefault(case.patient, []).append(case.path.name)
    yield from _nobody(files)
    yield from _alike(files)


def _nobody(files: dict[str, list[str]]) -> Iterator[DataFinding]:
    for patient, own in files.items():
        if stands_for_nothing(patient):
            scans = "1 scan is" if len(own) == 1 else f"{len(own)} scans are, together,"
            text = (
                f"{scans} of a patient named {patient!r}, which is what stands where nothing is known: give each scan "
                "its patient, or leave it out; scans of one name count as one patient"
            )
            yield DataFinding(code="patient-not-told", text=text, files=tuple(own[:NAMED]))


def _alike(files: dict[str, list[str]]) -> Iterator[DataFinding]:
    groups: dict[str, list[str]] = {}
    for patient in files:
        groups.setdefault(key_of(patient), []).append(patient)
    several = [names for names in groups.values() if len(names) > 1]
    for names in several[:NAMED]:
        told = " and ".join(map(repr, names))
        text = (
            f"patients {told} differ in capital letters, blanks or leading zeros alone, and count as {len(names)}; if "
            "they are one patient, give one name: otherwise one part learns from whom another judges"
        )
        yield DataFinding(code="patients-alike", text=text, files=tuple(files[name][0] for name in names))
    if len(several) > NAMED:
        text = f"{len(several)} groups of patients' names differ so little, {NAMED} of them are named"
        yield DataFinding(code="patients-alike", text=text)


def key_of(patient: str) -> str:
    """A name without what two writings of one name differ in: `P 007`, `p-7` and `p7` have one key; `1-1` and `11` not.

    Wide letters are made narrow, capital ones small; blanks, lines and hyphens are one sign, and none between a letter
    and a digit; zeros before a number go, and `.0` after one, which a spreadsheet adds.
    """
    plain = unicodedata.normalize("NFKC", patient).casefold()
    plain = re.sub(r"[\s_\-\u2010-\u2015]+", "-", plain).strip("-")
    plain = re.sub(r"(?<=[^\W\d_])-(?=\d)|(?<=\d)-(?=[^\W\d_])", "", plain)
    plain = re.sub(r"^(\d+)\.0+$", r"\1", plain)
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)
