"""job.json: what an unfinished run is of."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgecad.contract import Missing, Openings, Preparation
from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import Frozen, SchemaNumber
from edgecad_train.data.labelled import CSV_RULE, PATIENT_FROM_RULE, STEM_RULE
from edgecad_train.runs.listing import JOB
from edgecad_train.runs.older import Json, settings_from_schema_2, with_later_settings
from edgecad_train.splits.split import Folds, Split
from edgecad_train.training.settings import Settings
from edgecad_train.versions import other_versions

SCHEMA = 3
OLDEST = 2
"""A run of schema 1 had a ReLU in its head, and chose by another rule than today's."""


class RunSpec(Frozen, frozen=True, kw_only=True):
    """All that decides what a run gives: which scans, divided how, trained how, by which versions."""

    schema: int = SCHEMA
    name: str
    data: str
    """Path of the class folders or of the CSV."""
    patient_from: str | None = None
    masks: str | None = None
    """Folder of masks of defects, where one was given."""
    patient_rule: str
    """How patients were told apart, for people."""
    preparation: Preparation
    settings: Settings
    partition: Split | Folds
    data_sha256: str
    weights_sha256: str | None
    """Of the file of first weights; None for random ones and Keras' own."""
    versions: dict[str, str]
    keep: tuple[str, ...] = ()
    """Columns of the CSV to group patients by, with their cuts; they decide nothing."""
    without_normal_limits: bool = False
    """Whether the report has no baseline; it decides nothing."""
    method: str = ""
    """Name of the method; empty where a network is trained by a strategy."""
    clinical: tuple[str, ...] = ()
    """Columns of the CSV that enter the score, as `--clinical` takes them."""
    clinical_missing: Missing = "refuse"
    openings: Openings | None = None
    """Of the test part, where a study counts them for all its runs; None: the run counts its own."""


def read_spec(folder: Path) -> RunSpec:
    """Read what an unfinished run is of.

    Raises:
        ModelInvalid: it is damaged, or of a newer version.
        UsageError: it was begun with other versions of what its figures depend on.
    """
    path = folder / JOB
    try:
        text = path.read_bytes()
        schema = msgspec.json.decode(text, type=SchemaNumber).schema
        _check_schema(folder, schema)
        spec = _decoded(text, schema)
    except (OSError, msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise ModelInvalid(f"{path} cannot be used: {error}; remove {folder} and train again") from error
    other = other_versions(spec.versions)
    if other:
        raise UsageError(
            f"{folder} was begun with {', '.join(other)}, which is not what is installed now, so that its figures "
            "would mix two versions: install those, or remove the folder and train again"
        )
    return spec


def _check_schema(folder: Path, schema: int) -> None:
    if schema > SCHEMA:
        raise ModelInvalid(f"{folder} is of schema {schema} and this version reads {SCHEMA}; update edgecad")
    if schema < OLDEST:
        raise UsageError(
            f"{folder} was begun by an earlier edgecad, which trained and chose otherwise, so its figures would "
            "mix two; end it with that version, or remove the folder and train again"
        )


def _decoded(text: bytes, schema: int) -> RunSpec:
    old = msgspec.json.decode(text)
    today = with_later_settings(old) if schema == SCHEMA else _from_schema_2(old)
    return msgspec.convert(today, RunSpec, strict=True)


def _from_schema_2(old: Json) -> Json:
    given = old["patient_from"]
    rule = PATIENT_FROM_RULE.format(given) if given else CSV_RULE if str(old["data"]).endswith(".csv") else STEM_RULE
    return {**old, "schema": SCHEMA, "settings": settings_from_schema_2(old["settings"]), "patient_rule": rule}
