"""A unit as the spec of a run: the same that `edgecad train` makes of its options."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from edgecad.contract import Openings
from edgecad.errors import UsageError
from edgecad.system.digests import file_sha256
from edgecad_train.runs.spec import RunSpec
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition.spec import StudySpec
from edgecad_train.study.definition.units import Unit


def run_spec_of(
    unit: Unit,
    study: StudySpec,
    partition: Split | Folds,
    source: str,
    weights: str,
    openings: Openings | None = None,
) -> RunSpec:
    """The spec of a unit's run, which bears the unit's name.

    Args:
        source: folder or CSV of the scans.
        weights: `imagenet`, `none` or the path of the file here.
        openings: of the test part, as the study knows them.
    """
    return RunSpec(
        name=unit.name,
        data=source,
        patient_rule=study.patient_rule,
        preparation=unit.preparation,
        settings=replace(unit.settings, weights=weights),
        partition=partition,
        data_sha256=unit.data_sha256,
        weights_sha256=unit.weights_sha256 or None,
        versions=unit.versions,
        method=unit.method,
        openings=openings,
    )


def weights_argument(unit: Unit, path: str | None) -> str:
    """First weights as `Settings.weights` has them, once the file is known to be the one that the unit names.

    Raises:
        UsageError: the file has changed, or is gone.
    """
    name = str(unit.settings.weights)
    if not unit.weights_sha256:
        return name
    file = Path(path or name)
    if not file.is_file():
        raise UsageError(f"the weights file {name} is gone; put it back, or begin a new study")
    if _digest(file, file.stat().st_mtime_ns) != unit.weights_sha256:
        raise UsageError(f"{file} is not the weights file that the study began with; put that one back")
    return "imagenet" if name == "imagenet" else str(file)


@lru_cache(maxsize=32)
def _digest(path: Path, changed: int) -> str:
    return file_sha256(path)
