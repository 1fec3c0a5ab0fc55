"""A method goes the whole way as a network does: train, export, verify, infer."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad_train.phantoms import write_dataset

Edgecad = Callable[..., "subprocess.CompletedProcess[str]"]
pytestmark = pytest.mark.slow


def test_normal_limits_go_the_whole_way(edgecad: Edgecad, tmp_path: Path) -> None:
    write_dataset(tmp_path / "data", 60, seed=3)
    scan = sorted((tmp_path / "data/CAD").glob("*.jpg"))[0]
    for words, said in (
        (("train", "--method", "normal-limits"), "next: edgecad export"),
        (("export",), "model.onnx"),
        (("verify", "--precision", "all"), "holds"),
        (("infer", scan, "--device", "cpu"), "CAD"),
    ):
        done = edgecad(tmp_path, *words)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        assert said in done.stdout
    model = tmp_path / "models" / (tmp_path / "models/latest").read_text().strip()
    assert "normal-limits" in (model / "MODEL_CARD.md").read_text("utf-8")
