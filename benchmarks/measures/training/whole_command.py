"""`edgecad train` from its start to its exit, on made-up pictures."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from measures.command import EDGECAD, ProcessEnd, run_command


class TrainRecord(msgspec.Struct, frozen=True):
    """What of run.json is read."""

    scans: int
    settings: dict[str, object]
    seconds_by_step: dict[str, float]


def edgecad_train(
    backbone: str, weights: str, folder: Path, warmup: int, finetune: int
) -> tuple[ProcessEnd, TrainRecord]:
    """Run `edgecad train` on the data of `folder`; how it ended, and its run.json.

    Args:
        folder: with `data` and `split.json`.
        warmup, finetune: epochs of the two stages.
    """
    with tempfile.TemporaryDirectory(dir=folder) as out:
        words = [*EDGECAD, "train", folder / "data", "--crop", "none", "--split", folder / "split.json"]
        words += ["--backbone", backbone, "--weights", weights, "--out", out, "--quiet"]
        ended = run_command([*words, "--warmup-epochs", warmup, "--finetune-epochs", finetune], folder)
        return ended, msgspec.json.decode(next(Path(out).glob("*/run.json")).read_bytes(), type=TrainRecord)
