"""Fabricated evaluations: scores of patients that do not exist, written by the code that writes real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as with_fields
from scipy.special import expit

from edgecad.contract import Contract, Labelling, Origin
from edgecad.decision.rules import rule_from_words
from edgecad_train.classes import CLASSES
from edgecad_train.data import Case, Found, Refusal
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.judgement.asked import Asked
from edgecad_train.judgement.demands import Demands
from edgecad_train.judgement.judge import Judged, judge, write_judgement
from edgecad_train.judgement.models import JudgedAnswers, JudgedModel
from edgecad_train.judgement.scoring import ScoredPatients
from edgecad_train.report.shown import rows_to_show
from edgecad_train.runs.reading import HeatMaps

SIZE = 64


def scored(truth: np.ndarray, log_odds: np.ndarray, contract: Contract, maps: bool = True) -> ScoredPatients:
    """Patients `Doe-1000`, `Doe-1001` and so on, a scan each, one more of whom all was refused."""
    patients = tuple(f"Doe-{1000 + number}" for number in range(len(truth)))
    refused = (Refusal(Path("Doe-0007.jpg"), "unfamiliar", "Doe-0007.jpg is unlike the training scans"),)
    scores = ScoredPatients(
        patients, truth, log_odds, (1,) * len(truth), refused, contract.origin, "d" * 64,
        files=tuple(frozenset({f"{number:064x}"}) for number in range(len(truth))),
    )  # fmt: skip
    if not maps:
        return scores
    decision = contract.decision
    rows = rows_to_show(truth, expit(log_odds / decision.temperature), decision.threshold)
    draw = np.random.default_rng(3)
    shown = HeatMaps(
        images=draw.integers(0, 255, (len(rows), SIZE, SIZE, 3)).astype(np.uint8),
        score_maps=draw.normal(0, 3, (len(rows), 7, 7)).astype(np.float32),
        log_odds=log_odds[rows],
        patient=np.array([patients[row] for row in rows]),
        part=np.full(len(rows), "test"),
        row=rows.astype(np.int64),
    )
    return ScoredPatients(**{**vars(scores), "shown": shown})


def write_evaluation(
    folder: Path,
    contract: Contract,
    truth: np.ndarray,
    log_odds: np.ndarray,
    against: np.ndarray | None = None,
    parts: dict[str, str] | None = None,
    demands: Demands | None = None,
    maps: bool = True,
    columns: PatientColumns | None = None,
    **asked: Any,
) -> Path:
    """Judge fabricated scores, and write all that an evaluation leaves; `against` are another model's log-odds."""
    folder.mkdir(parents=True)
    scores = scored(truth, log_odds, contract, maps)
    one = Judged(_model("a-run", contract, parts), scores)
    other = None
    if against is not None:
        other = Judged(_model("another", contract, parts), scored(truth, against, contract, maps=False))
    cases = [
        Case(Path(f"{patient}.jpg"), CLASSES[0 if cad else 1], patient)
        for patient, cad in zip(scores.patients, truth, strict=True)
    ]
    lost = Case(Path("Doe-0007.jpg"), CLASSES[1], "Doe-0007")
    found = Found((*cases, lost), "the file's stem", columns=columns or PatientColumns())
    beside = Asked(found, against=other is not None, **asked)
    groupings = one.groupings(found.columns)
    write_judgement(judge(one, other, demands or Demands(), beside), one, other, folder, groupings)
    return folder


def _model(name: str, contract: Contract, parts: dict[str, str] | None) -> JudgedModel:
    def answers(images: np.ndarray) -> JudgedAnswers:
        raise AssertionError("nothing is answered anew")

    return JudgedModel(name, "run", contract, "e" * 64, answers, parts)


@pytest.fixture
def judged_contract(tiny_contract: Contract) -> Contract:
    """A contract with a chosen threshold and what it rests on."""
    return contract_with_evidence(tiny_contract)


def contract_with_evidence(contract: Contract, origin: Origin = "phantom") -> Contract:
    """The same with a decision that 100 patients chose."""
    draw = np.random.default_rng(2)
    truth = np.arange(100) < 60
    decision = choose_decision(
        draw.normal(np.where(truth, 1.0, -1.0), 1.2), truth, "out-of-fold", rule_from_words("balanced")
    )
    labelling = Labelling(reference="two readers in consensus", prevalence=0.6)
    return with_fields(contract, decision=decision, labelling=labelling, origin=origin, familiarity=None)


def drawn(n: int = 60, apart: float = 1.2) -> tuple[np.ndarray, np.ndarray]:
    """Labels, three in five CAD, and log-odds that go with them."""
    truth = np.arange(n) % 5 < 3
    return truth, np.random.default_rng(8).normal(np.where(truth, apart, -apart), 1.6)


@pytest.fixture
def make_evaluation(tmp_path: Path, judged_contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """`make_evaluation(truth=, log_odds=, contract=, drawing=False, **write_evaluation)`: a folder with its page."""

    def make(name: str = "it", drawing: bool = False, contract: Contract = judged_contract, **given: Any) -> Path:
        if not drawing:
            monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())
        monkeypatch.setattr("edgecad_train.report.pictures.drawing.DPI", 50)
        truth, log_odds = drawn()
        return write_evaluation(
            tmp_path / name, contract, given.pop("truth", truth), given.pop("log_odds", log_odds), **given
        )

    return make
