"""Names in IN that are no scans: what programs have not finished, what is hidden, and what a watch writes there."""

from __future__ import annotations

UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", "~")
"""Ends of names under which programs write what they rename later; hidden files are left alone as well."""
LOCK, PROBE = ".edgecad-watch.lock", ".edgecad-probe-"
"""Hidden, so that no watch takes its own or another's for a scan; the second begins a name."""


def passed_over(name: str) -> bool:
    """Whether a watch neither takes a file of that name nor looks into such a folder."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED)
