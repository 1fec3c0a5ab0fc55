"""run.json, history.json and metrics.json: what a run knows of itself, each type written and read by the same code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from edgecad.contract import Missing, Origin
from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import Frozen, SchemaNumber, struct_from_json
from edgecad_train.data.labelled import DataFinding, RefusedScan
from edgecad_train.evaluation.baseline import Baseline
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.localisation.figures import Localisation
from edgecad_train.evaluation.optimism import Optimism
from edgecad_train.networks.head import Unfrozen
from edgecad_train.runs.older import run_from_schema_2, with_later_settings
from edgecad_train.training.device.record import FrozenPlace, TrainingDevice
from edgecad_train.training.history import TrainingHistory
from edgecad_train.training.search.record import SearchRecord
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import Plan

NEXT = "give a run folder of edgecad train, or train again"

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
Kind = TypeVar("Kind", bound=msgspec.Struct)


class MethodRecord(Frozen, frozen=True, kw_only=True):
    """Which method a run is of, where it is none of a fine-tuned network."""

    name: str
    words: str = ""
    """What it is, for people; empty in a run of an earlier version."""
    chosen: dict[str, dict[str, float | int | str]]
    """Hyperparameters that inner folds chose, of each fit by its name: `fold 1`, ..., and last `run` or `refit`."""
    row_only: str = ""
    """Why it is a row of a study alone, which nobody exports; empty where it is exported as any run."""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """run.json; fields that a later version may add are let be."""

    schema: int = 3
    settings: Settings
    plan: Plan
    """The strategy as it was carried out."""
    fine_tuned_from: str | None
    unfrozen: Unfrozen | None
    patient_rule: str
    kept: tuple[str, ...] = ()
    """Columns of the CSV that were kept, with their cuts, as `--keep` takes them."""
    clinical: tuple[str, ...] = ()
    """Columns of the CSV that enter the score, as `--clinical` takes them."""
    clinical_missing: Missing = "refuse"
    scans: int
    patients: dict[str, int] = {}
    """By part."""
    patients_by_class: dict[str, dict[str, int]] = {}
    """By part, then by class."""
    refused: tuple[RefusedScan, ...]
    findings: tuple[DataFinding, ...] = ()
    optimism: Optimism | None = None
    """Set where the epochs were chosen on the test part as well."""
    labels_to_read_again: tuple[str, ...] = ()
    """Patients; see `edgecad_train.evaluation.decision.labels`."""
    search: SearchRecord | None = None
    seconds: float
    seconds_by_step: dict[str, float]
    threads: int | None = None
    """Of TensorFlow: with others sums are in another order, and scores differ by about 1e-7."""
    device: TrainingDevice | None = None
    """That trained; None in runs of earlier versions, where TensorFlow chose."""
    frozen_on: dict[str, FrozenPlace] = {}
    """Layer of each cut from which stages learn -> where epochs read its values from: on a GPU, or not."""
    evidence_outside: float | None = None
    """Mean share of the heat maps' magnitude outside the disc, over the test scans; None where that is not black."""
    method: MethodRecord | None = None
    """None: a network was trained by `plan`."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """history.json."""

    schema: int = 2
    trainings: tuple[TrainingHistory, ...]

    def __post_init__(self) -> None:
        if not self.trainings or not all(training.stages for training in self.trainings):
            raise ValueError("no training, or one without stages")


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """metrics.json: one evaluation for validation or out-of-fold scores, one for the test part."""

    schema: int = 2
    origin: Origin
    evaluations: tuple[Evaluation, ...]
    localisation: tuple[Localisation, ...] = ()
    """What the heat maps of the same parts show; none of whole images, and in runs of earlier versions."""
    baseline: Baseline | None = None
    """Normal limits on the same test part; None of colours, where they were left out, and of a study's runs."""


SCHEMAS: Mapping[type[msgspec.Struct], int] = {RunRecord: 3, History: 2, Metrics: 2}
OLDER: Mapping[tuple[type[msgspec.Struct], int], Upgrade] = {
    (RunRecord, 2): run_from_schema_2,
    (RunRecord, 3): with_later_settings,
}
"""Schemas that are still read although a file of them may lack something, and what makes today's of them."""


def write_record(record: RunRecord | History | Metrics, path: Path) -> None:
    """Write one of the three, as JSON that a person can read."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def record_from_json(text: bytes, kind: type[Kind], what: str) -> Kind:
    """Decode one of the three.

    Raises:
        ModelInvalid: it is damaged, or of a version that is not read.
    """
    schema = struct_from_json(text, SchemaNumber, what, NEXT).schema
    if schema != SCHEMAS[kind] and (kind, schema) not in OLDER:
        newer = "update edgecad" if schema > SCHEMAS[kind] else "train again with this version"
        raise ModelInvalid(f"{what} has schema {schema}, and this version reads {SCHEMAS[kind]}; {newer}")
    try:
        if (kind, schema) not in OLDER:
            return struct_from_json(text, kind, what, NEXT)
        return msgspec.convert(OLDER[kind, schema](msgspec.json.decode(text)), kind, strict=True)
    except (msgspec.DecodeError, UsageError, KeyError, TypeError, AttributeError) as error:
        raise ModelInvalid(f"{what} cannot be used: {error}; {NEXT}") from error
