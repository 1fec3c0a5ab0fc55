"""A run's contract keeps how the maps lie that it learnt from, and no others."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from edgecad.contract import OrientationReference
from edgecad_train.data import PreparedData
from edgecad_train.phantoms.orientation import PHANTOMS
from edgecad_train.running import contracting
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.splits.split import rows_of, split_by_patient
from edgecad_train.training.settings import Settings


def test_the_learnt_scans_alone_say_how_maps_lie(phantoms: PreparedData, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def reference(data: PreparedData, rows: Iterable[int]) -> OrientationReference:
        asked.append(list(rows))
        return PHANTOMS

    monkeypatch.setattr(contracting, "reference_of", reference)
    split = split_by_patient(phantoms.cases, seed=0)
    outcome = train(phantoms, split, Settings("mobilenetv2", "none", "warm-up", warmup_epochs=1), "a-run")
    assert outcome.contract.orientation == PHANTOMS
    assert asked == [list(rows_of(phantoms.cases, split.train))]


def test_a_run_on_few_patients_does_not_know_how_maps_lie(outcome: TrainingOutcome) -> None:
    assert outcome.contract.orientation is None
