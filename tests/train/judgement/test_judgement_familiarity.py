"""Scans that a deployed model would refuse as unlike those of its training are left out of its figures, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgecad.answer.familiarity import unit
from edgecad.contract import Contract, Familiarity
from edgecad.errors import ModelInvalid, UsageError
from edgecad_train.data import PreparedData, find_cases, prepare_cases
from edgecad_train.judgement.models import open_model
from edgecad_train.judgement.scoring import score_patients


@pytest.fixture
def prepared(few_phantoms: Path, tiny_contract: Contract) -> PreparedData:
    return prepare_cases(find_cases(few_phantoms).cases, tiny_contract.preparation)


def _run(make_run: Callable[..., Path], prepared: PreparedData, refusing: int) -> tuple[Path, list[int]]:
    """A run whose one centre is the first scan's colour, its limit such that so many scans lie beyond; their rows."""
    means = np.asarray(prepared.images, np.float64).mean(axis=(1, 2))
    centre = unit(means[:1])
    apart = 1 - (unit(means) @ centre.T)[:, 0]
    order = np.argsort(apart)
    ends = [*apart[order], 2.0]
    limit = float(ends[len(order) - refusing - 1] + ends[len(order) - refusing]) / 2
    run = make_run(familiarity=Familiarity(centres=1, patients=9, noted=limit / 2, limit=limit))
    np.savez(run / "familiarity.npz", directions=centre.astype(np.float32), members=np.array([9]))
    return run, sorted(order[len(order) - refusing :].tolist())


def test_unfamiliar_scans_are_left_out_and_named(make_run: Callable[..., Path], prepared: PreparedData) -> None:
    run, beyond = _run(make_run, prepared, refusing=4)
    scores = score_patients(open_model(run), prepared)
    assert len(scores.log_odds) == len(prepared.cases) - 4
    assert sorted(refusal.path for refusal in scores.refused) == sorted(prepared.cases[row].path for row in beyond)
    assert {refusal.reason for refusal in scores.refused} == {"unfamiliar"}


def test_a_model_that_refuses_every_scan_cannot_be_judged(
    make_run: Callable[..., Path], prepared: PreparedData
) -> None:
    run, _ = _run(make_run, prepared, refusing=1)
    np.savez(run / "familiarity.npz", directions=-np.ones((1, 3), np.float32) / 3**0.5, members=np.array([9]))
    with pytest.raises(UsageError, match=r"refuses all .* unlike the training scans"):
        score_patients(open_model(run), prepared)


def test_centres_that_are_missing_or_damaged_are_said(make_run: Callable[..., Path], prepared: PreparedData) -> None:
    run, _ = _run(make_run, prepared, refusing=1)
    (run / "familiarity.npz").write_bytes(b"PK")
    with pytest.raises(ModelInvalid, match=r"familiarity\.npz is damaged"):
        open_model(run)
    (run / "familiarity.npz").unlink()
    with pytest.raises(ModelInvalid, match=r"has no familiarity\.npz"):
        open_model(run)
