"""Files that earlier versions wrote are read as they were meant, or refused with the line that says what to do."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad_train.phantoms import write_dataset

HERE = Path(__file__).parent
VERSIONS = sorted(path.parent.name for path in HERE.glob("*/answers.json"))
SCAN = HERE.parents[1] / "edgecad" / "golden" / "samples" / "phantom-1.jpg"
WITHOUT_DIGEST = {"bb81c68"}
"""Versions between the releases whose contracts are of version 2 and have no digest yet: their models are exported
again."""
NAME = "20261129-184022-mobilenetv2"


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Path:
    return HERE / str(request.param)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def done(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="edgecad")


def answers_of(model: Path, version: Path, tolerance: float) -> None:
    """Hold a model's answers against what the version itself answered."""
    for answer in json.loads((version / "answers.json").read_text()):
        said = done("infer", SCAN, "--model", model, "--device", "cpu", "--precision", answer["precision"], "--json")
        assert said.exit_code == 0, said.stderr
        record = json.loads(said.stdout)
        assert record["label"] == answer["label"]
        assert record["threshold"] == pytest.approx(answer["threshold"], abs=tolerance)
        assert record["probability"] == pytest.approx(answer["probability"], abs=tolerance)
        assert record["logits"] == pytest.approx(answer["logits"], abs=tolerance)


def test_there_are_versions() -> None:
    assert {"bb81c68", "f477da6"} <= set(VERSIONS)


def test_a_model_answers_as_it_did_or_is_to_be_exported_again(version: Path) -> None:
    if version.name in WITHOUT_DIGEST:
        said = done("infer", SCAN, "--model", version / "model", "--device", "cpu")
        assert (said.exit_code, said.stdout) == (6, "")
        assert "carries no digest" in said.stderr
        assert said.stderr.rstrip().endswith("export it again")
        return
    answers_of(version / "model", version, 1e-6)
    whole = done("verify", version / "model", "--device", "cpu")
    assert whole.exit_code == 0, whole.stderr


def test_a_run_is_exported_and_its_model_answers_as_the_versions_own(version: Path) -> None:
    shutil.copytree(version / "run", Path("runs") / NAME)
    exported = done("export", f"runs/{NAME}", "--fp16")
    assert exported.exit_code == 0, exported.stderr
    answers_of(Path("models") / "latest", version, 2e-4)


def test_a_run_is_judged_on_scans(version: Path, tmp_path: Path) -> None:
    shutil.copytree(version / "run", Path("runs") / NAME)
    write_dataset(tmp_path / "data", patients=12, seed=5)
    judged = done("evaluate", f"runs/{NAME}", "data")
    assert judged.exit_code == 0, judged.stderr
    assert "12 patients" in judged.stdout


def refused(said: Any, *, naming: str) -> None:
    """A usage error of one line, after which nothing was left and everything still lies where it was."""
    assert said.exit_code == 2
    (line,) = [each for each in said.stderr.splitlines() if each.startswith("edgecad: ")]
    assert naming in line
    assert "Traceback" not in said.stderr


def test_a_killed_run_is_resumed_or_refused_with_what_to_do(version: Path) -> None:
    unfinished = Path("runs") / f"{NAME}.unfinished"
    shutil.copytree(version / "unfinished", unfinished)
    before = sorted(path.name for path in unfinished.iterdir())
    said = done("train", "--resume")
    # One that can be resumed gets as far as its data, which are not here.
    resumed = "no data at /data" in said.stderr
    refused(said, naming="/data" if resumed else str(unfinished))
    assert resumed or re.search("earlier|was begun with edgecad", said.stderr)
    assert {*before} <= {path.name for path in unfinished.iterdir()}


def test_a_study_is_read_or_refused_with_what_to_do(version: Path, tmp_path: Path) -> None:
    shutil.copytree(version / "study", "study")
    # The data of the version's own study, so that nothing but the form can be in the way.
    write_dataset(tmp_path / "data", patients=40, seed=3)
    before = {path: path.read_bytes() for path in Path("study").rglob("*.json")}
    said = done("study", "data", "--backbones", "mobilenetv2", "--weights", "none", "--strategies", "warm-up",
                "--seeds", "1", "--warmup-epochs", "1", "--input", "rgb", "--out", "study")  # fmt: skip
    if said.exit_code == 0:
        assert "mobilenetv2" in (Path("study") / "table.md").read_text()
    else:
        refused(said, naming="study")
        assert "--out" in said.stderr
    assert {path: path.read_bytes() for path in before} == before
