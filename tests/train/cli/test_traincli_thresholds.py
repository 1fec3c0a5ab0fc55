"""The table of thresholds on a terminal, and labels to read again."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from edgecad.contract import Contract
from edgecad.decision.rules import rule_from_words
from edgecad_train.cli.train.thresholds import lines_of_thresholds, words_of_labels
from edgecad_train.evaluation.decision.choice import TABLE, choose_decision, with_test_part


def _contract(contract: Contract, rule: str, n: int = 100) -> Contract:
    draw = np.random.default_rng(2)
    truth = np.arange(n) < n // 2
    log_odds = draw.normal(np.where(truth, 1.0, 0.0), 1.0)
    decision = with_test_part(choose_decision(log_odds, truth, "out-of-fold", rule_from_words(rule)), truth, log_odds)
    return replace(contract, decision=decision)


def test_every_rule_has_a_line_and_all_fit_100_columns(tiny_contract: Contract) -> None:
    lines = list(lines_of_thresholds(_contract(tiny_contract, "sensitivity>=0.95")))
    assert max(map(len, lines)) <= 100
    rows = {
        words[1 if words[0] in (">", "x", "?", "x?") else 0]: words for words in (line.split() for line in lines[2:10])
    }
    assert list(rows) == [str(rule) for rule in TABLE]
    assert rows["balanced"][0] == ">"
    assert rows["sensitivity>=0.95"][0] == "x?"
    assert any("refused: keeps what was wanted" in line for line in lines)
    assert any("cannot be shown: too few patients" in line for line in lines)
    assert "at the training prevalence, 40 %" in lines[-2]
    assert "at 10 %" in lines[-1]


def test_notes_are_explained_only_where_they_stand(tiny_contract: Contract) -> None:
    lines = list(lines_of_thresholds(_contract(tiny_contract, "costs=3", 2000)))
    assert not any("cannot be shown" in line for line in lines)
    assert next(line.split()[:2] for line in lines if "costs=3" in line) == [">", "costs=3"]


def test_a_contract_whose_threshold_nobody_chose_has_no_table(tiny_contract: Contract) -> None:
    assert list(lines_of_thresholds(tiny_contract)) == []


def test_labels_are_named_up_to_a_bound() -> None:
    assert words_of_labels(["p1", "p2", "p3"]).endswith(
        "3 patients labelled CAD have held-out scores below the median of nonCAD: p1, p2, p3"
    )
    many = words_of_labels([f"p{i}" for i in range(25)])
    assert "p19 and 5 more in run.json" in many
    assert "p20" not in many
