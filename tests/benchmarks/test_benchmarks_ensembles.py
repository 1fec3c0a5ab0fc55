"""The benchmark of ensembles runs, small, pairs what it compares, and goes on after a kill."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "ensembles.py"
SMALL = (
    "--weights", "none", "--runs", "1", "--members", "2", "--patients", "24", "--fresh", "12", "--rounds", "20",
    "--train-options", "warmup-epochs", "1", "finetune-epochs", "1", "folds", "2",
)  # fmt: skip


@pytest.mark.slow
def test_a_split_is_trained_joined_exported_and_judged(
    with_small_network: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    words = [*SMALL, "--kept", str(tmp_path / "kept"), "--results", str(tmp_path / "found")]
    for _ in range(2):
        done = subprocess.run([*with_small_network(PROGRAM), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found" / "ensembles_mobilenetv2.json").read_text())
    (row,) = found["splits"]
    assert (row["patients"], len(row["members"]), len(row["less_each"])) == (12, 2, 2)
    assert found["auc"]["ensembles"][0] == pytest.approx(row["ensemble"])
    assert found["auc"]["members"][0] == pytest.approx(np.mean(row["members"]))
    assert {"member-0", "ensemble"} == {cost["model"] for cost in found["cost"]}
    assert len(list((tmp_path / "kept").glob("*/split-0/member-0/runs/*-ensemble-of-2"))) == 1


def test_the_difference_is_paired_and_the_patient_is_its_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    measuring = importlib.import_module("measures.ensembles.measuring")
    training = importlib.import_module("measures.ensembles.training")
    draw = np.random.default_rng(0)
    truth = np.arange(60) % 2 == 0
    member = np.clip(0.5 + 0.1 * truth + 0.1 * draw.normal(size=60), 0.01, 0.99)
    names = tuple(map(str, range(60)))

    def areas(*members: np.ndarray, ensemble: np.ndarray) -> dict[str, tuple[float, float, float]]:
        split = training.JudgedSplit(names, truth, np.stack(members), ensemble)
        return dict(measuring._areas([split, split]))

    one, thrice = areas(member, ensemble=member), areas(member, member, member, ensemble=member)
    assert one["difference"][0] == 0
    # The same answers three times say no more than once.
    np.testing.assert_allclose(thrice["members"], one["members"])
    better = areas(member, ensemble=np.clip(member + 0.05 * truth, 0, 1))
    assert better["difference"][0] > 0
    assert better["difference"][2] - better["difference"][1] < better["members"][2] - better["members"][1]
