"""The table of thresholds in a report, its warnings, and labels to read again without a name."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from edgecad.decision.rules import rule_from_words
from edgecad_train.evaluation.decision.choice import TABLE, choose_decision, with_test_part
from edgecad_train.report.page import page_of
from edgecad_train.runs.reading import RunFiles, read_run


@pytest.fixture
def run(make_run: Callable[..., Path], tmp_path: Path) -> RunFiles:
    return read_run(make_run(tmp_path / "run", folds=5, labels_to_read_again=["Doe-1000", "Doe-1001", "Doe-1002"]))


def _decided(run: RunFiles, rule: str, apart: float = 1.0) -> RunFiles:
    draw = np.random.default_rng(2)
    truth = np.arange(100) < 60
    log_odds = draw.normal(np.where(truth, apart, 0.0), 1.0)
    decision = with_test_part(choose_decision(log_odds, truth, "out-of-fold", rule_from_words(rule)), truth, log_odds)
    return replace(run, contract=with_fields(run.contract, decision=decision))


def _text(run: RunFiles) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page_of(run, ()))))


def test_the_table_has_a_row_a_rule_with_intervals_predictive_values_and_the_test_part(run: RunFiles) -> None:
    decided = _decided(run, "sensitivity>=0.95")
    evidence = decided.contract.decision.evidence
    assert evidence is not None
    source = page_of(decided, ())
    table, values = (part.partition("</table>")[0] for part in source.split('<table class="grid points">')[1:])
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)[1:]]
    names = [re.fullmatch(r"(.*?)(?:<small>(.*)</small>)?", html.unescape(row[0])) for row in rows[::2]]
    assert [name and name[1] for name in names] == [str(rule) for rule in TABLE]
    notes = {name[1]: name[2] for name in names if name}
    point = evidence.table[3]
    assert point.test_sensitivity is not None
    assert point.test_specificity is not None
    assert rows[6][2:5] == ["those who chose", point.sensitivity.with_interval, point.specificity.with_interval]
    assert rows[7][:3] == ["test part", point.test_sensitivity.with_interval, point.test_specificity.with_interval]
    assert notes["balanced"] == "in force"
    assert notes["sensitivity>=0.95"] == "refused"
    assert "at 60 % (training)" in values
    assert [f"at {share} %" in values for share in (10, 30, 50)] == [True] * 3
    ppv, npv = (re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr.*?</tr>", values, re.DOTALL)[7:9])
    assert (ppv[1], npv[0]) == ("PPV", "NPV")
    for cells, wanted in ((ppv[2:], 0), (npv[1:], 1)):
        for cell, share in zip(cells, (0.6, 0.1, 0.3, 0.5), strict=True):
            value, low, high = map(float, re.findall(r"\d\.\d\d", cell))
            assert value == pytest.approx(point.predictive_values(share)[wanted], abs=0.005)
            assert low <= value <= high
            assert low < high


def test_warnings_are_those_of_the_contract(run: RunFiles) -> None:
    assert "sensitivity>=0.95 WAS REFUSED: specificity there is" in _text(_decided(run, "sensitivity>=0.95"))
    assert "DO NOT DEPLOY: at its threshold" in _text(_decided(run, "costs=50"))
    fine = _text(_decided(run, "balanced", 3.0))
    assert "DO NOT DEPLOY" not in fine
    assert "REFUSED:" not in fine


def test_labels_to_read_again_are_counted_and_nobody_is_named(run: RunFiles) -> None:
    text = _text(_decided(run, "balanced"))
    assert "Read 3 labels again: so many patients labelled CAD have held-out scores below the median of nonCAD" in text
    assert "Doe-" not in text
    none = replace(run, record=with_fields(run.record, labels_to_read_again=()))
    assert "labels again" not in _text(none)


def test_a_run_of_an_earlier_version_has_no_table(run: RunFiles) -> None:
    source = page_of(run, ())
    assert 'class="grid points"' not in source
    assert "Thresholds, and what each would do" not in source
