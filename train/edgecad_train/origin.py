"""What must stand on every figure, table and picture of data that are not all patients'."""

from __future__ import annotations

from edgecad.contract import Origin


def origin_words(origin: Origin) -> str:
    """The stamp, nothing for patients' data."""
    if origin == "patients":
        return ""
    if origin == "phantom":
        return "PHANTOM DATA: says nothing about patients"
    return "PHANTOM AND PATIENT DATA MIXED: no result"
