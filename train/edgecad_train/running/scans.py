"""Whether scans are those that a run is about."""

from __future__ import annotations

from pathlib import Path

from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.runs.spec import RunSpec


def check_scans(data: PreparedData, spec: RunSpec, unfinished: Path) -> None:
    """See that scans are those of a run.

    Raises:
        UsageError: they are not.
    """
    if data.sha256 != spec.data_sha256:
        raise UsageError(
            f"the scans in {spec.data} are not those that {spec.name} was begun with; put those back, or remove "
            f"{unfinished} and train again"
        )
