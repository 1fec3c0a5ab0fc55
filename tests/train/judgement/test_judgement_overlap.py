"""Patients that a model was made from, known by the content of their scans and by their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from edgecad.contract import Contract
from edgecad_train.judgement.models import JudgedAnswers, JudgedModel
from edgecad_train.judgement.overlap import made_from, overlap_of, parts_in_training
from edgecad_train.judgement.scoring import ScoredPatients

PARTS = {"ann": "train", "bob": "train", "cyd": "validation", "dan": "test"}
KEPT = {"a1": "ann", "a2": "ann", "b1": "bob", "c1": "cyd", "d1": "dan"}


@pytest.fixture
def model(tiny_contract: Contract) -> Any:
    def make(patient_of: Mapping[str, str] | None = KEPT, part_of: Mapping[str, str] | None = PARTS) -> JudgedModel:
        return JudgedModel(
            "a-run", "run", tiny_contract, "0" * 64, lambda _: JudgedAnswers(np.zeros((0, 2))), part_of, patient_of
        )

    return make


def _scores(files: Mapping[str, set[str]], origin: str = "patients") -> ScoredPatients:
    count = len(files)
    return ScoredPatients(
        tuple(files), np.ones(count, bool), np.zeros(count), (1,) * count, (), origin, "f" * 64,  # type: ignore[arg-type]
        tuple(map(frozenset, files.values())),
    )  # fmt: skip


def test_renamed_copies_are_found_by_their_content(model: Any) -> None:
    scores = _scores({"x": {"a2"}, "y": {"new", "c1"}, "z": {"d1"}, "w": {"new"}})
    first, second = overlap_of(model(), scores)
    assert first.startswith(
        "2 of 4 patients are among those that a-run was made from (train 1, validation 1; same scans)"
    )
    assert "OPTIMISTIC" in first
    assert second.startswith("1 of 4 patients are of the test part of a-run (same scans)")
    assert "OPTIMISTIC" not in second
    assert parts_in_training(model(), scores) == {"x": "train", "y": "validation", "z": "test"}


def test_same_names_with_other_scans_are_said_as_such_and_raise_no_alarm(model: Any) -> None:
    scores = _scores({"ann": {"n1"}, "new": {"n2"}, "z": {"b1"}})
    first, second = overlap_of(model(), scores)
    assert "same scans" in first
    assert second.startswith("1 of 3 patients bear the names of patients of a-run (same names, other scans)")
    assert "OPTIMISTIC" not in second
    assert parts_in_training(model(), scores) == {"ann": "train", "z": "train"}


def test_phantoms_of_another_seed_share_names_and_are_others(model: Any) -> None:
    scores = _scores({"ann": {"n1"}, "bob": {"n2"}}, "phantom")
    assert overlap_of(model(), scores) == ()
    assert parts_in_training(model(), scores) == {}


def test_a_model_without_hashes_is_judged_by_names(model: Any) -> None:
    (told,) = overlap_of(model(None), _scores({"ann": {"n1"}, "q": {"n2"}}, "phantom"))
    assert "1 of 2" in told
    assert "same names; this model kept no hashes of scans" in told


def test_a_model_that_does_not_know_its_patients_says_so(model: Any) -> None:
    scores = _scores({"ann": {"a1"}})
    (told,) = overlap_of(model(None, None), scores)
    assert "is not known: to find out, evaluate its run" in told
    assert parts_in_training(model(None, None), scores) is None


@pytest.mark.parametrize(
    ("files", "patient_of", "words"),
    [
        ({"x": {"a2"}, "y": {"c1"}, "z": {"d1"}, "w": {"new"}}, KEPT, "2 of 4 patients are among those"),
        ({"z": {"d1"}, "w": {"new"}}, KEPT, ""),  # the test part made nothing
        ({"ann": {"new"}, "bob": {"newer"}}, KEPT, ""),  # a name alone, where scans could have told
        ({"ann": {"new"}, "dan": {"newer"}}, None, "1 of 2 patients are among those"),
    ],
)
def test_a_model_is_not_fitted_further_to_patients_that_made_it(
    model: Any, files: Mapping[str, set[str]], patient_of: Mapping[str, str] | None, words: str
) -> None:
    found = made_from(model(patient_of), _scores(files))
    assert found.startswith(words) if words else found == ""


def test_the_same_data_are_known_even_where_nobody_kept_the_patients(model: Any, tiny_contract: Contract) -> None:
    unknown = model(None, None)
    assert made_from(unknown, _scores({"ann": {"a1"}})) == ""
    scores = replace(_scores({"ann": {"a1"}}), data_sha256=tiny_contract.data_sha256)
    assert "same hash" in made_from(unknown, scores)
