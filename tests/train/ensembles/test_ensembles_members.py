"""Runs that are no members of one ensemble are refused, with what differs and what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.contract import contract_from_json, network_digest
from edgecad.errors import ModelInvalid, UsageError
from edgecad_train.data import PreparedData
from edgecad_train.ensembles.members import read_members
from edgecad_train.splits.split import folds_by_patient, split_by_patient

Spoilt = Callable[[Path], Path]
Trained = Callable[..., Path]


def _told(path: Path, name: str, changes: Callable[[dict[str, Any]], None]) -> None:
    """Change what a JSON file of a run says."""
    told = json.loads((path / name).read_text())
    changes(told)
    (path / name).write_text(json.dumps(told))


def _refused(kind: type[Exception], *paths: Path) -> str:
    with pytest.raises(kind) as caught:
        read_members(paths)
    return str(caught.value)


def test_members_of_one_split_are_read(one: Path, two: Path, three: Path) -> None:
    members = read_members([one, two, three])
    assert [own.name for own in members] == ["one", "two", "three"]
    assert len({network_digest(own.contract) for own in members}) == 3


def test_members_that_were_trained_on_one_anothers_test_patients_are_refused(
    trained: Trained, forty: PreparedData, one: Path
) -> None:
    other = trained("another-split", folds_by_patient(forty.cases, seed=4, folds=2))
    said = _refused(UsageError, one, other)
    assert re.search(r"\d of the 8 test patients of one taught another-split", said)
    assert re.search(r"\d of the 8 test patients of another-split taught one", said)
    assert f"--split {one / 'split.json'}" in said


def test_other_folds_of_the_same_test_part_are_refused(one: Path, two: Path, spoilt: Spoilt) -> None:
    other = spoilt(two)
    _told(other, "split.json", lambda told: told["folds"].reverse())
    _told(other, "contract.json", lambda told: told.update(split_sha256="5" * 64))
    assert "the patients of their folds differ" in _refused(UsageError, one, other)


def test_a_run_without_scores_out_of_fold_is_refused(trained: Trained, forty: PreparedData, one: Path) -> None:
    held = trained("holdout", split_by_patient(forty.cases, seed=0))
    said = _refused(UsageError, one, held)
    assert "holdout chose by one validation part" in said
    assert "--protocol folds" in said


def test_the_same_network_twice_is_refused(one: Path, spoilt: Spoilt) -> None:
    assert "the same network as one" in _refused(UsageError, one, one)
    again = spoilt(one).rename(one.parent / "copied")
    try:
        assert "copied is the same network as one" in _refused(UsageError, one, again)
    finally:
        shutil.rmtree(again)


@pytest.mark.parametrize(
    ("words", "name", "changes"),
    [
        ("other scans", "contract.json", lambda told: told.update(data_sha256="0" * 64)),
        ("the positive class (CAD and nonCAD)", "contract.json", lambda told: told.update(positive="nonCAD")),
        ("224 pixels and uptake, polar-map, 160 pixels", "contract.json", lambda t: t["preparation"].update(size=160)),
        (
            "how a screen is prepared (halve_jpeg, max_overlay_share: preparation in",
            "contract.json",
            lambda told: told["preparation"].update(max_overlay_share=0.1, halve_jpeg=False),
        ),
        ("the cells that are pooled (disc and all)", "contract.json", lambda told: told.update(pooled_over="all")),
        ("activations (('silu',) and ('relu',))", "contract.json", lambda told: told.update(activations=["relu"])),
        ("who labelled", "contract.json", lambda told: told["labelling"].update(reference="somebody else")),
        (
            "the rule of the threshold (balanced and equal-costs)",
            "run.json",
            lambda told: told["settings"].update(decide="equal-costs"),
        ),
        ("--uncertain (0.1 and 0.2)", "run.json", lambda told: told["settings"].update(uncertain=0.2)),
    ],
)
def test_what_members_do_not_share_is_named(
    one: Path, two: Path, spoilt: Spoilt, words: str, name: str, changes: Callable[[dict[str, Any]], None]
) -> None:
    other = spoilt(two)
    _told(other, name, changes)
    said = _refused(UsageError, one, other)
    assert words in said
    assert "; train the" in said
    assert len(said) < 500


def test_what_is_no_run_is_refused_with_the_next_step(one: Path, spoilt: Spoilt, tmp_path: Path) -> None:
    assert "name their folders" in _refused(ModelInvalid, one, tmp_path / "nothing")
    other = spoilt(one)
    (other / "model.keras").unlink()
    assert "--keep-models" in _refused(ModelInvalid, one, other)
    (other / "model.onnx").touch()
    assert "name its run" in _refused(ModelInvalid, one, other)


def test_a_run_with_clinical_columns_is_no_member(one: Path, two: Path, spoilt: Spoilt) -> None:
    """The first member's model would be the ensemble's, and it was fitted to that member's scores alone."""
    other, fixture = spoilt(two), Path(__file__).parents[2] / "contract" / "contract_v2.json"
    clinical = json.loads(fixture.read_bytes())["clinical"]
    _told(other, "contract.json", lambda told: told.update(clinical=clinical))
    for pair in ((one, other), (other, one)):
        said = _refused(UsageError, *pair)
        assert "two fuses its image with clinical columns" in said
        assert "without --clinical" in said


@pytest.mark.parametrize("with_model", [True, False])
def test_a_run_of_a_method_is_no_member(one: Path, two: Path, spoilt: Spoilt, with_model: bool) -> None:
    other = spoilt(two)
    _told(other, "run.json", lambda told: told.update(method={"name": "normal-limits", "chosen": {}}))
    if not with_model:
        (other / "model.keras").unlink()
    assert "two is a run of the method normal-limits" in _refused(UsageError, one, other)


def test_predictions_of_other_patients_are_refused(one: Path, two: Path, spoilt: Spoilt) -> None:
    other = spoilt(two)
    lines = (other / "predictions.csv").read_text().splitlines()
    (other / "predictions.csv").write_text("\n".join(lines[:1] + lines[2:]) + "\n")
    assert "not of the same patients" in _refused(ModelInvalid, one, other)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (lambda cells: [[*cells[:6], "nan", cells[7]]], "no number of a score"),
        (lambda cells: [[*cells[:6], "inf", cells[7]]], "no number of a score"),
        (lambda cells: [[*cells[:5], "1.5", *cells[6:]]], "no number of a score"),
        (lambda cells: [cells, cells], "1 of its patients are scored more than once"),
    ],
)
def test_predictions_that_are_no_scores_are_refused(
    one: Path, two: Path, spoilt: Spoilt, changes: Callable[[list[str]], list[list[str]]], why: str
) -> None:
    other = spoilt(two)
    heads, first, *lines = (other / "predictions.csv").read_text().splitlines()
    changed = [",".join(cells) for cells in changes(first.split(","))]
    (other / "predictions.csv").write_text("\n".join([heads, *changed, *lines, ""]))
    assert why in _refused(ModelInvalid, one, other)


def test_an_ensemble_is_no_member(ensemble: Path, one: Path) -> None:
    assert contract_from_json((ensemble / "contract.json").read_bytes()).members
    assert "is an ensemble" in _refused(UsageError, one, ensemble)
