"""Terms add up to the score, the contract covers them, and a model whose numbers were changed is found out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Contract
from edgecad.clinical.fusion import check_golden_fusion, fused_score, golden_fusion, term_of
from edgecad.contract import ClinicalModel, contract_from_json, network_digest
from edgecad.errors import GateFailed, ModelInvalid
from edgecad.frozen import json_from_struct

from .conftest import FUSED

VALUES = {"age": 70.0, "sex": "M", "diabetes": True}


def test_the_terms_are_what_the_formula_says_and_add_up_to_the_log_odds() -> None:
    score = fused_score(FUSED, 2.4, VALUES)
    by_hand = (-0.3, 0.7 * 2.0, 0.05 * 8, 0.2, 0.9 * 0.75)
    assert score.terms == pytest.approx([term / 1.25 for term in by_hand])
    assert math.log(score.probability / (1 - score.probability)) == pytest.approx(sum(score.terms), abs=1e-9)


@pytest.mark.parametrize("log_odds", [-900.0, -30.0, 30.0, 900.0])
def test_a_score_stays_a_probability_however_far_out_the_image_is(log_odds: float) -> None:
    assert 0 <= fused_score(FUSED, log_odds, VALUES).probability <= 1


def test_a_patient_with_every_mean_has_the_baseline() -> None:
    means = {"age": 62.0, "diabetes": 0.25}
    assert [term_of(column, means[column.name]) for column in FUSED.columns if column.name != "sex"] == [0.0, 0.0]


def with_golden(contract: Contract) -> Contract:
    golden = contract_golden(contract)
    return replace(contract, golden=golden)


def contract_golden(contract: Contract) -> Any:
    from edgecad.contract import GoldenAnswer

    logits = np.array([0.9, -0.4])
    return tuple(
        GoldenAnswer(
            sample=f"{number}", sha256="0" * 64, logits=(0.9, -0.4), score_map=((0.0,),),
            clinical=golden_fusion(contract, logits, number),
        )
        for number in range(3)
    )  # fmt: skip


def test_golden_fused_answers_are_computed_again(tiny_contract: Contract) -> None:
    check_golden_fusion(tiny_contract)  # nothing to compute
    contract = with_golden(replace(tiny_contract, clinical=FUSED))
    check_golden_fusion(contract)
    ends = [entry.clinical.values for entry in contract.golden if entry.clinical]
    assert {each["age"] for each in ends} == {40.0, 85.0}
    assert {each["sex"] for each in ends} == {"F", "M"}


def changed(part: Callable[[ClinicalModel], ClinicalModel]) -> Callable[[Contract], Contract]:
    def change(contract: Contract) -> Contract:
        assert contract.clinical is not None
        return replace(contract, clinical=part(contract.clinical))

    return change


CHANGES = {
    "baseline": changed(lambda model: replace(model, baseline=model.baseline + 1e-5)),
    "image": changed(lambda model: replace(model, image=replace(model.image, mean=model.image.mean + 1e-4))),
    "temperature": changed(lambda model: replace(model, decision=replace(model.decision, temperature=1.2501))),
    "column": changed(lambda model: replace(model, columns=model.columns[:2])),
    "no golden": lambda contract: replace(contract, golden=tuple(replace(e, clinical=None) for e in contract.golden)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_model_whose_numbers_were_changed_fails_its_golden_answers(
    tiny_contract: Contract, change: Callable[[Contract], Contract]
) -> None:
    contract = with_golden(replace(tiny_contract, clinical=FUSED))
    with pytest.raises(GateFailed, match="fused answer"):
        check_golden_fusion(change(contract))


def test_another_fused_model_is_another_network_and_none_changes_no_digest(tiny_contract: Contract) -> None:
    one = replace(tiny_contract, clinical=FUSED)
    other = replace(tiny_contract, clinical=replace(FUSED, baseline=0.0))
    assert len({network_digest(each) for each in (tiny_contract, one, other)}) == 3


def test_the_contract_as_it_is_about_the_fused_score_has_its_decision(tiny_contract: Contract) -> None:
    contract = replace(tiny_contract, clinical=FUSED)
    assert contract.fused.decision == FUSED.decision
    assert contract.fused.clinical is None
    assert tiny_contract.fused is tiny_contract


WRONG = {
    "an endless coefficient": lambda c: c["image"]["coefficient"].update(log_odds=1e999),
    "an interval beside it": lambda c: c["image"]["coefficient"].update(low=3.0, high=4.0),
    "a range that falls": lambda c: c["columns"][0].update(low=90.0),
    "one category": lambda c: c["columns"][1].update(categories=c["columns"][1]["categories"][:1]),
    "a category twice": lambda c: c["columns"][1]["categories"][1].update(name="f"),
    "a name of signs": lambda c: c["columns"][0].update(name="age=3"),
    "two columns of one name": lambda c: c["columns"][2].update(name="Age"),
    "no column": lambda c: c.update(columns=[]),
    "an unknown kind": lambda c: c["columns"][0].update(kind="date"),
    "an unknown field": lambda c: c.update(weights=1),
    "an unknown way": lambda c: c.update(missing="guess"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_fused_model_that_cannot_be_meant_is_no_contract(
    tiny_contract: Contract, wrong: Callable[[dict[str, Any]], None]
) -> None:
    content = json.loads(json_from_struct(replace(tiny_contract, clinical=FUSED)))
    assert contract_from_json(json.dumps(content)).clinical == FUSED
    wrong(content["clinical"])
    with pytest.raises(ModelInvalid):
        contract_from_json(json.dumps(content))
