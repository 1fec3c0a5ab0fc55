"""The baseline beside a run's figures: its card on the first page, its line on the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edgecad_train.cli.train.figures import lines_of_baseline
from edgecad_train.evaluation.baseline import Baseline, baseline_of
from edgecad_train.report.page import page_of
from edgecad_train.runs.reading import RunFiles, read_run

from ..pages import Page, figures_without_interval  # noqa: TID252 - two rooms read pages alike
from .test_report_page import FORBIDDEN

TRUTH = np.repeat([True, False], 20)


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    """Areas .9975 of the network and .9 of the baseline: 1 and 40 of 400 pairs are in the wrong order."""
    own, other = np.where(TRUTH, 2.0, -2.0) + np.arange(40) / 100, np.where(TRUTH, 1.0, -1.0)
    own[0], other[:2] = -1.615, -2.0
    found = baseline_of("normal-limits", TRUTH, own, other + np.arange(40) / 1000)
    assert found is not None
    return found


@pytest.fixture
def run(make_run: Callable[..., Path], baseline: Baseline, tmp_path: Path) -> RunFiles:
    folder = make_run(tmp_path / "run")
    told: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps({**told, "baseline": msgspec.to_builtins(baseline)}))
    return read_run(folder)


def test_its_area_stands_beside_the_networks_with_their_paired_difference(baseline: Baseline) -> None:
    assert baseline.auc.value == pytest.approx(0.9)
    assert (baseline.less.one, baseline.less.other) == (pytest.approx(0.9975), pytest.approx(0.9))
    assert baseline.less.difference == pytest.approx(0.0975)
    assert baseline.less.low < 0.0975 < baseline.less.high
    assert baseline_of("normal-limits", np.ones(4, bool), np.arange(4.0), np.arange(4.0)) is None


def test_the_first_page_has_a_card_of_it(run: RunFiles, baseline: Baseline) -> None:
    html = Page(page_of(run, ()))
    assert "AUC of normal-limits, nothing fitted to CAD" in html.text
    card = html.text[html.text.index("AUC of normal-limits") :][:200]
    assert "0.900" in card
    assert f"95 % {baseline.auc.low:.3f} to {baseline.auc.high:.3f}" in card
    assert f"the network's less it {baseline.less.difference:+.3f} (" in card
    assert not any(word in html.text.lower() for word in FORBIDDEN)
    assert not figures_without_interval(html)
    assert html.well_formed
    assert "nothing fitted to CAD" not in Page(page_of(replace(run, baseline=None), ())).text


def test_the_terminal_has_a_line_of_it(baseline: Baseline) -> None:
    (line,) = lines_of_baseline(baseline)
    assert line.startswith("normal-limits, nothing fitted to CAD: auc 0.900 (")
    assert f"on test; the network's less it {baseline.less.difference:+.3f} (" in line
    assert not list(lines_of_baseline(None))
