"""What a run leaves for familiarity: centres that are nobody's own, limits, or nothing with too few patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgecad.answer.findings import doubts_about
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.familiarity import measuring
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.writing import RECORDS, write_run
from edgecad_train.splits.split import Folds, Split, folds_by_patient, split_by_patient
from edgecad_train.training.settings import Settings


def _train(data: PreparedData, partition: Split | Folds) -> TrainingOutcome:
    settings = Settings("mobilenetv2", "none", "two-stage", warmup_epochs=1, finetune_epochs=1)
    return train(data, partition, settings, "a-run")


def test_a_run_with_too_few_patients_measures_none_and_says_so(outcome: TrainingOutcome, tmp_path: Path) -> None:
    assert len(outcome.partition.development) < measuring.LEAST_PATIENTS
    assert outcome.contract.familiarity is None
    write_run(outcome, tmp_path, 1.0, "a rule")
    assert not (tmp_path / "familiarity.npz").exists()
    assert "familiarity-unmeasured" in {doubt.code for doubt in doubts_about(outcome.contract)}


@pytest.mark.parametrize("folds", [False, True])
def test_a_run_leaves_centres_of_all_patients_but_the_test_part(
    phantoms: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folds: bool
) -> None:
    monkeypatch.setattr(measuring, "LEAST_PATIENTS", 10)
    partition = folds_by_patient(phantoms.cases, seed=0, folds=2) if folds else split_by_patient(phantoms.cases, seed=0)
    outcome = _train(phantoms, partition)
    limits = outcome.contract.familiarity
    assert limits is not None
    assert limits.patients == len(partition.development)
    write_run(outcome, tmp_path, 1.0, "a rule")
    with np.load(tmp_path / "familiarity.npz", allow_pickle=False) as arrays:
        assert sorted(arrays.files) == ["directions", "members"]
        assert arrays["directions"].shape[0] == limits.centres == len(arrays["members"])
        assert arrays["members"].min() >= 3
        # A patient and the copies with deeper deficits may belong to several centres, and count once in each.
        assert limits.patients <= arrays["members"].sum() <= 3 * limits.patients
    assert "familiarity" in outcome.seconds_by_step
    bare = tmp_path / "records"
    bare.mkdir()
    write_run(outcome, bare, 1.0, "a rule", contents=RECORDS)
    assert not (bare / "familiarity.npz").exists()
