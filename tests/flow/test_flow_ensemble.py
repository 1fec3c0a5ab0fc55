"""Runs of one split as one model: joined, exported in every precision, and taken by every command like any other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.answer.heatmap import identity_error
from edgecad.inference.classifier import Classifier

Edgecad = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs(way_from_nothing: Any, edgecad: Edgecad) -> list[Path]:
    """Two members; the second has another seed, and features on another grid."""
    split, folder = way_from_nothing.run / "split.json", way_from_nothing.folder
    words = ("--backbone", "mobilenetv2", "--weights", "none", "--warmup-epochs", 1, "--finetune-epochs", 1)
    done = edgecad(folder, "train", *words, "--seed", 1, "--features", "last", "--split", split, "--out", "others")
    assert done.returncode == 0, done.stderr
    return [way_from_nothing.run, folder / "others" / (folder / "others/latest").read_text().strip()]


@pytest.fixture(scope="module")
def model(way_from_nothing: Any, runs: list[Path], edgecad: Edgecad) -> Path:
    """The model folder of both, with a file of each precision that holds."""
    words = ("--ensemble", *runs, "--fp16", "--int8", "--out", "ensembles")
    done = edgecad(way_from_nothing.folder, "export", *words)
    assert done.returncode in (0, 5), done.stderr  # a network that learnt nothing may have no int8 file that holds
    assert (runs[0].parent / "latest").read_text().strip() == runs[0].name
    folder = way_from_nothing.folder / "ensembles"
    return folder / (folder / "latest").read_text().strip()


def test_one_graph_gives_the_mean_of_the_members_and_an_exact_map(model: Path, runs: list[Path]) -> None:
    kept = [np.load(run / "validation.npz") for run in runs]
    wanted = np.mean([own["logits"] for own in kept], axis=0)
    with Classifier(model, device="cpu", precision="fp32") as classifier:
        given = classifier.run(kept[0]["images"], ("logits", "probabilities", "cam", "cam_bias", "features"))
        contract = classifier.contract
    np.testing.assert_allclose(given["logits"], wanted, atol=1e-5 * np.abs(wanted).max())
    assert identity_error(given["cam"], given["cam_bias"], given["logits"]) < 1e-5
    assert given["cam"].shape[1:] == (2, 14, 14)
    assert [member.name for member in contract.members] == [run.name for run in runs]
    assert len({member.features for member in contract.members}) == 2


def test_every_file_that_was_written_holds_by_the_same_gate(model: Path) -> None:
    parity = json.loads((model / "parity.json").read_text())
    assert "model.fp16.onnx" in parity["files"]
    assert (model / "model.fp16.onnx").is_file()
    assert "ensemble of 2 networks" in (model / "MODEL_CARD.md").read_text()


def test_every_command_takes_it_like_any_other_model(way_from_nothing: Any, model: Path, edgecad: Edgecad) -> None:
    folder = way_from_nothing.folder
    scan = sorted((folder / "data/CAD").glob("*.jpg"))[0]
    for words in (
        ("verify", model, "--precision", "all"),
        ("infer", scan, "--model", model, "--out", "ensemble-answers", "--device", "cpu"),
        ("bench", model, "--device", "cpu", "--runs", 20),
        ("inspect", model),
    ):
        done = edgecad(folder, *words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
    assert "member 2" in edgecad(folder, "inspect", model).stdout


def test_members_that_tested_on_one_anothers_patients_end_with_words(
    way_from_nothing: Any, runs: list[Path], edgecad: Edgecad
) -> None:
    folder = way_from_nothing.folder
    epochs = ("--warmup-epochs", 1, "--finetune-epochs", 1)
    words = ("train", "--backbone", "mobilenetv2", "--weights", "none", *epochs, "--seed", 9, "--folds", 2)
    assert edgecad(folder, *words, "--out", "strangers").returncode == 0
    stranger = folder / "strangers" / (folder / "strangers/latest").read_text().strip()
    done = edgecad(folder, "export", "--ensemble", runs[0], stranger)
    assert done.returncode == 2
    assert "test patients of" in done.stderr
    assert "train the members with --split" in done.stderr
    assert "Traceback" not in done.stderr
