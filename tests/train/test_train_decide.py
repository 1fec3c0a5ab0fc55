"""The rule of a run, from its settings to what is printed and kept."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from edgecad.answer.findings import doubts_about
from edgecad.errors import UsageError
from edgecad_train.cli.train.steps import _report
from edgecad_train.data import PreparedData
from edgecad_train.networks.explain import Explained
from edgecad_train.report.page import write_report
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.reading import read_run
from edgecad_train.runs.writing import write_run
from edgecad_train.splits.split import rows_of
from edgecad_train.training.settings import Settings


def test_a_run_is_decided_by_the_rule_of_its_settings(
    phantoms: PreparedData, outcome: TrainingOutcome, tmp_path: Path
) -> None:
    settings = Settings("mobilenetv2", "none", "warm-up", warmup_epochs=1, decide="costs=4")
    told = train(phantoms, outcome.partition, settings, "a-run")
    decision = told.contract.decision
    assert (decision.asked, decision.threshold) == ("costs=4", pytest.approx(0.2))
    assert decision.evidence is not None
    assert decision.evidence.part == "validation"
    assert {evaluation.threshold for evaluation in told.evaluations} == {decision.threshold}
    path = tmp_path / "run"
    path.mkdir()
    write_run(told, path, 1.0, "the file's stem")
    assert read_run(path).record.settings.decide == "costs=4"


def test_settings_know_their_rules() -> None:
    with pytest.raises(UsageError, match="is no rule for the threshold"):
        Settings("mobilenetv2", "none", "scratch", decide="foo")


def test_the_table_the_warnings_and_labels_to_read_again_are_told(
    folded: TrainingOutcome, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Held-out scores that know every label, but of three patients with CAD who look like nobody else."""
    data, held = folded.data, folded.partition.held
    cad = [patient for patient in sorted(held) if _label(data, patient) == "CAD"]
    logits = folded.said.logits.copy()
    for patient in held:
        high = 3.0 if patient in cad[3:] else -9.0 if patient in cad[:3] else -3.0
        logits[rows_of(data.cases, (patient,))] = (high, 0.0)
    told = dataclasses.replace(folded, said=Explained(logits, folded.said.maps))
    assert told.labels_to_read_again == tuple(cad[:3])
    _report(told, Path("runs/x"))
    said = capsys.readouterr()
    assert "thresholds on the out-of-fold patients" in said.out
    assert "balanced" in said.out
    for doubt in doubts_about(told.contract):
        assert f"warning: {doubt.text}\n" in said.err
    assert f"read these labels again: 3 patients labelled CAD have held-out scores below the median of nonCAD: " \
           f"{', '.join(cad[:3])}\n" in said.err  # fmt: skip
    assert cad[0] not in said.out
    write_run(told, tmp_path, 1.0, "the file's stem")
    write_report(tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["labels_to_read_again"] == cad[:3]
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Read 3 labels again" in page
    assert not any(patient in page for patient in cad)


def test_no_label_is_to_be_read_again_where_scores_go_with_them(folded: TrainingOutcome) -> None:
    logits = np.zeros_like(folded.said.logits)
    logits[:, 0] = np.where([case.label == "CAD" for case in folded.data.cases], 3.0, -3.0)
    assert dataclasses.replace(folded, said=Explained(logits, folded.said.maps)).labels_to_read_again == ()


def _label(data: PreparedData, patient: str) -> str:
    return next(case.label for case in data.cases if case.patient == patient)
