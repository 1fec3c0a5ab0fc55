"""What makes units in worker processes of tests: the real maker, on the small network by the name of MobileNetV2."""

from __future__ import annotations

import os
import runpy
import signal
from pathlib import Path

import keras

from edgecad_train.data import PreparedData
from edgecad_train.runs.spec import RunSpec
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.workers import making
from edgecad_train.study.workers.loop import Progress, work
from edgecad_train.study.workers.making import plain_seconds_an_epoch
from edgecad_train.study.workers.messages import Listener
from edgecad_train.study.workers.pool import worker_orders

__all__ = ["MAKER", "in_this_process", "make_unit", "plain_seconds_an_epoch"]

SMALL = Path(__file__).parents[1] / "small.py"
MAKER = "small_study"


def make_unit(
    folder: Path,
    spec: RunSpec,
    data: PreparedData,
    keep_model: bool,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> None:
    """Make a unit; the first process that comes to fine-tuning dies there, if it shall leave the file `$SMALL_DIES`."""
    keras.applications.MobileNetV2 = runpy.run_path(str(SMALL))["mobilenet"]
    dies = Path(os.environ.get("SMALL_DIES", ""))

    def watched(stage: str, done: int, of: int, figures: str) -> None:
        if progress:
            progress(stage, done, of, figures)
        if stage == "fine-tuning" and dies.name and not dies.exists():
            dies.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    making.make_unit(folder, spec, data, keep_model, watched, cache)


def in_this_process(folder: StudyFolder, plan: StudyPlan, listener: Listener) -> None:
    """Have a study's units done as a worker does them, without starting Keras in a process of its own."""
    (order,) = worker_orders(folder.path, 1, plan.source, plan.weights_files)
    work(order, listener)
