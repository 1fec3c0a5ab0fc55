"""A head search with folds: nested heads judge; the exported head is found once more, and its own folds choose."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.answer.heatmap import scale_of_maps
from edgecad.system.folders import new_folder
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.decision.choice import choose_decision, with_test_part
from edgecad_train.evaluation.evaluation import evaluate_part
from edgecad_train.networks.head import Head
from edgecad_train.report.page import write_report
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.runs.writing import write_run
from edgecad_train.splits.split import folds_by_patient, rows_of, split_by_patient
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.crossfit import epochs_of_refit
from edgecad_train.training.search import heads
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.settings import Settings
from edgecad_train.training.trainer import Place, Trainer

from .small import small_mobilenet

UNITS = {"fold 1": 8, "fold 2": 16, "exported head": 32}
"""What each search finds."""
EXPORTED = {"fold 1, exported head": 32, "fold 2, exported head": 32, "refit": 32}
SETTINGS = Settings("mobilenetv2", "none", "warm-up", lr_exponent=3.0, warmup_epochs=3, search=True, search_trials=4)
WATCHED = replace(SETTINGS, select_on_test=True)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def _found(task: str) -> HeadChoice:
    return HeadChoice(Head(UNITS[task], 0.1), 3.0, trials=4, loss=0.5)


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    whole = heads.HeadFinder.choose

    def named(self: Any, rows: Any, held: Any, seed: int, name: str = "") -> HeadChoice:
        if not self.settings.trials:
            return whole(self, rows, held, seed, name)
        made.append(name)
        return _found(name or "exported head")

    monkeypatch.setattr(heads.HeadFinder, "choose", named)
    return made


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the searches that were made; each finds a head of its own."""
    return _counted(monkeypatch)


@pytest.fixture(scope="module")
def wanted(phantoms: PreparedData) -> TrainingOutcome:
    """A run that nobody killed."""
    with pytest.MonkeyPatch.context() as patch, small_mobilenet():
        _counted(patch)
        return _train(phantoms, WATCHED)


def _train(phantoms: PreparedData, settings: Settings = SETTINGS, **more: Any) -> TrainingOutcome:
    return train(phantoms, folds_by_patient(phantoms.cases, 0, 2), settings, "a-run", **more)


def test_the_scores_that_choose_are_of_the_exported_head_and_those_that_judge_are_nested(
    searches: list[str], phantoms: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    units: dict[str, set[int]] = {}
    whole = Trainer._run

    def watched(self: Trainer, place: Place, *words: Any, **more: Any) -> Any:
        hidden = next(layer for layer in self.network.head_layers() if getattr(layer, "units", 2) != 2)
        units.setdefault(place.name, set()).add(hidden.units)
        return whole(self, place, *words, **more)

    monkeypatch.setattr(Trainer, "_run", watched)
    told = _train(phantoms)
    assert searches == ["fold 1", "fold 2", "exported head"]
    assert units == {name: {found} for name, found in {**UNITS, **EXPORTED}.items() if name != "exported head"}
    assert [history.name for history in told.histories] == ["fold 1", "fold 2", *EXPORTED]
    assert [choice.head.units for choice in told.choices] == [8, 16, 32, 32, 32]
    assert told.chosen_apart
    assert told.deciders == ("fold 1, exported head", "fold 2, exported head")

    deciding = by_patient(phantoms, told.partition.held, told.deciding_log_odds)
    judged = by_patient(phantoms, told.partition.held, told.log_odds)
    tested = by_patient(phantoms, told.partition.test, told.log_odds)
    decision = with_test_part(choose_decision(deciding[1], deciding[0], "out-of-fold"), *tested)
    assert (decision.threshold, decision.temperature) == (
        told.contract.decision.threshold, told.contract.decision.temperature
    )  # fmt: skip
    assert told.evaluations[0].metrics == evaluate_part(*judged, decision, "out-of-fold").metrics
    parts = [told.partition.split(0).train, told.partition.split(1).train, told.partition.development]
    *steps, whole = (-(-len(rows_of(phantoms.cases, part)) // told.settings.batch_size) for part in parts)
    wanted = epochs_of_refit([history.stages[0] for history in told.histories[2:4]], steps, whole)
    assert len(told.histories[-1].stages[0].epochs) == wanted
    # Both kinds of scores are of networks that did not see the patient, and they are other scores.
    held = rows_of(phantoms.cases, told.partition.held)
    assert not np.array_equal(told.deciding_log_odds[held], told.log_odds[held])
    test = rows_of(phantoms.cases, told.partition.test)
    np.testing.assert_array_equal(told.deciding_log_odds[test], told.log_odds[test])


def test_folds_of_the_exported_head_are_what_the_head_alone_would_give(
    searches: list[str], phantoms: PreparedData
) -> None:
    """The same epochs, decision, map scale and network as of a run that was given that head."""
    told = _train(phantoms)
    given = _train(phantoms, replace(SETTINGS, search=False, units=32, dropout=0.1))
    np.testing.assert_array_equal(told.deciding_log_odds, given.log_odds)
    assert told.histories[-1] == given.histories[-1]
    assert told.contract.decision == given.contract.decision
    assert told.contract.heatmap == given.contract.heatmap
    held = rows_of(phantoms.cases, told.partition.held)
    assert told.contract.heatmap != scale_of_maps(np.asarray(told.said.maps[held], np.float64))
    for one, other in zip(told.network.model.get_weights(), given.network.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not given.chosen_apart
    assert given.deciders == ("fold 1", "fold 2")


@pytest.mark.parametrize(
    "where",
    ["fold 2, warm-up", "exported head", "fold 1, exported head, warm-up", "fold 2, exported head, warm-up",
     "refit, warm-up", "chosen on test, warm-up"],
)  # fmt: skip
def test_a_kill_at_any_step_changes_nothing(
    where: str,
    wanted: TrainingOutcome,
    searches: list[str],
    phantoms: PreparedData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searching = heads.HeadFinder.choose

    def stop(stage: str, done: int, of: int, figures: str) -> None:
        if stage == where:
            raise Killed

    def search(self: Any, rows: Any, held: Any, seed: int, name: str = "") -> HeadChoice:
        if name == where:
            raise Killed
        return searching(self, rows, held, seed, name)

    with monkeypatch.context() as patch:
        patch.setattr(heads.HeadFinder, "choose", search)
        with pytest.raises(Killed):
            _train(phantoms, WATCHED, progress=stop, checkpoint=Checkpoint(tmp_path, 0.0))
    told = _train(phantoms, WATCHED, checkpoint=Checkpoint(tmp_path, 0.0))
    assert searches == ["fold 1", "fold 2", "exported head"], "no search is made twice"
    assert told.histories == wanted.histories
    assert told.contract.decision == wanted.contract.decision
    assert told.optimism == wanted.optimism
    np.testing.assert_array_equal(told.log_odds, wanted.log_odds)
    np.testing.assert_array_equal(told.deciding_log_odds, wanted.deciding_log_odds)


def test_with_one_epoch_a_searched_run_has_no_optimism(searches: list[str], phantoms: PreparedData) -> None:
    gap = _train(phantoms, replace(SETTINGS, warmup_epochs=1, select_on_test=True)).optimism
    assert gap is not None
    assert (gap.accuracy_chosen_on_test - gap.accuracy, gap.auc_chosen_on_test - gap.auc) == (0.0, 0.0)


def test_the_run_folder_says_which_scores_chose_and_keeps_them(
    searches: list[str], phantoms: PreparedData, tmp_path: Path
) -> None:
    told = _train(phantoms)
    with new_folder(tmp_path / "a-run") as partial:
        write_run(told, partial, 1.0, "the file's stem")
        write_report(partial)
    record = json.loads((tmp_path / "a-run" / "run.json").read_text())["search"]
    assert [one["training"] for one in record["found"]] == ["fold 1", "fold 2", "refit"]
    assert record["deciding"] == ["fold 1, exported head", "fold 2, exported head"]
    truth, said = by_patient(phantoms, told.partition.held, told.deciding_log_odds)
    with (tmp_path / "a-run" / "deciding.csv").open(newline="") as file:
        lines = {line["patient"]: line for line in csv.DictReader(file)}
    assert sorted(lines) == sorted(told.partition.held)
    assert [float(lines[patient]["log_odds"]) for patient in sorted(lines)] == pytest.approx(said)
    evidence = told.contract.decision.evidence
    assert evidence is not None
    above = np.array([lines[patient]["above"] == "1" for patient in sorted(lines)])
    assert int((above & truth).sum()) == evidence.point.sensitivity.count
    page = (tmp_path / "a-run" / "report.html").read_text()
    assert "DOES NOT HOLD" not in page
    for words in ("one more search over all development patients", "the out-of-fold figures are nested",
                  "nested, by heads that were found without the patients whom they judge"):  # fmt: skip
        assert words in page


def test_one_part_that_chose_the_head_too_is_said_to_be_no_judge(
    searches: list[str], phantoms: PreparedData, tmp_path: Path
) -> None:
    told = train(phantoms, split_by_patient(phantoms.cases, 0), SETTINGS, "a-run")
    assert searches == [""]
    with new_folder(tmp_path / "a-run") as partial:
        write_run(told, partial, 1.0, "the file's stem")
        write_report(partial)
    assert json.loads((tmp_path / "a-run" / "run.json").read_text())["search"]["deciding"] == []
    assert not (tmp_path / "a-run" / "deciding.csv").exists()
    page = (tmp_path / "a-run" / "report.html").read_text()
    assert "the validation part chose the head and the rates too" in page
    assert "chose head, rates, epoch, temperature and threshold" in page


def test_progress_tells_the_searches_and_both_rounds_of_folds_apart(
    phantoms: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def found(*words: Any) -> HeadChoice:
        calls.append(1)
        tell: Callable[..., None] = words[-1]
        tell(4, 4, 0.5)
        return _found(["fold 1", "fold 2", "exported head"][len(calls) - 1])

    monkeypatch.setattr(heads, "search_head", found)
    told: list[str] = []
    _train(phantoms, progress=lambda stage, *_: told.append(stage))
    assert list(dict.fromkeys(told)) == [
        "frozen part", "head search, fold 1", "head search, fold 2", "fold 1, warm-up", "fold 2, warm-up",
        "head search, exported head", "fold 1, exported head, warm-up", "fold 2, exported head, warm-up",
        "refit, warm-up",
    ]  # fmt: skip
