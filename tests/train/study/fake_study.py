"""A study without Keras: a runner that answers by the hash of a unit's name, and watches that nobody works twice.

Workers import it by name, in processes of their own; run as a script it leads a study.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from pathlib import Path

import numpy as np

from edgecad.contract import Decision, Preparation
from edgecad.errors import UsageError
from edgecad_train.data import Case, PreparedData
from edgecad_train.data.prepared import ScreenFacts
from edgecad_train.evaluation.evaluation import evaluate_part
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.study.definition import Asked, BackboneAsked, study_from
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.orders import Order
from edgecad_train.study.partitions import draws, partitions_of
from edgecad_train.study.plain import PlainTask
from edgecad_train.study.planning import Planned
from edgecad_train.study.results.unit_result import Finished, PlainTime, Predictions, Result, StageRun
from edgecad_train.study.units import Training, Unit, Weights

SIZE = 32
RUNNER = "fake_study:FakeRunner"


def fake_data(patients: int = 60) -> PreparedData:
    """Grey images of one scan a patient; a third is not CAD."""
    draw = np.random.default_rng(0)
    cases = tuple(Case(Path(f"p{n:03d}.png"), "nonCAD" if n % 3 == 0 else "CAD", f"p{n:03d}") for n in range(patients))
    return PreparedData(
        cases=cases,
        images=draw.integers(0, 255, (patients, SIZE, SIZE, 3)).astype(np.uint8),
        screens=(ScreenFacts("png", 64, 64),) * patients,
        origin="phantom",
        sha256="d" * 64,
        refused=(),
        clashes=(),
        preparation=Preparation(size=SIZE),
    )


def fake_asked(**changes: object) -> Asked:
    """Two networks, three strategies, two seeds: 16 units with the layer-wise two-stage."""
    given: dict[str, object] = {
        "backbones": tuple(
            BackboneAsked(name=name, weights=Weights(name="none"), preparation=Preparation(size=SIZE))
            for name in ("mobilenetv2", "resnet50v2")
        ),
        "strategies": ("scratch", "warm-up", "two-stage"),
        "rates": "both",
        "training": Training(),
        "seeds": 2,
        "folds": None,
        "inner_folds": 0,
        "time_plain": False,
        "data_sha256": "d" * 64,
        "patient_rule": "the file's stem",
        "versions": {"edgecad": "0", "keras": "3", "tensorflow": "2"},
    }
    return Asked(**(given | changes))  # type: ignore[arg-type]


def fake_plan(**changes: object) -> Planned:
    """A planned study on `fake_data`."""
    data, asked = fake_data(), fake_asked(**changes)
    partitions = partitions_of(data.cases, asked.seeds, asked.folds)
    study = study_from(asked, data.origin, partitions)
    parts = [f"seed {s}" if fold is None else f"fold {fold + 1}" for s, fold in draws(asked.seeds, asked.folds)]
    return Planned(study, {SIZE: data}, dict(zip(parts, partitions, strict=True)), {})


class FakeRunner:
    """Takes `$FAKE_SECONDS` a unit, fails where `$FAKE_FAIL` is in the unit's words, and keeps a diary."""

    def __init__(self, folder: StudyFolder, order: Order) -> None:
        self._folder = folder
        self._order = order

    def run(self, unit: Unit, progress: object) -> Finished:
        """Answer by the unit's name."""
        (self._folder.path / "busy").mkdir(exist_ok=True)
        with (self._folder.path / "busy" / unit.name).open("w") as busy:
            try:
                fcntl.flock(busy, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._note("AT-ONCE", unit.name)
            if (self._folder.path / "units" / unit.name / "result.json").exists():
                self._note("TWICE", unit.name)
            self._note("begun", unit.name)
            time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
            if os.environ.get("FAKE_FAIL", "nothing") in str(unit):
                raise UsageError(f"{unit} was told to fail\n  on two lines")
            if os.environ.get("FAKE_DIE", "nothing") in str(unit):
                os.kill(os.getpid(), 9)
            return fake_finished(unit, self._folder.partition(unit), self._order.threads)

    def time_plain(self, task: PlainTask) -> PlainTime:
        """Seconds by the length of the kind's name."""
        if os.environ.get("FAKE_FAIL", "nothing") == "plain":
            raise ValueError("no time")
        if os.environ.get("FAKE_DIE", "nothing") == "plain":
            os.kill(os.getpid(), 9)
        kind = task.kind
        return PlainTime(backbone=task.backbone.name, kind=kind, seconds=float(len(kind)), epochs=3, threads=1)

    def _note(self, word: str, name: str) -> None:
        with (self._folder.path / "diary.txt").open("a") as diary:
            diary.write(f"{word} {name} {os.getpid()} {self._order.number}\n")


def fake_unit(unit: Unit, data: PreparedData, partition: Split | Folds, weights: str, threads: int) -> Finished:
    """What a node of a cluster runs; it notes in `$FAKE_DIARY` that it began, and takes `$FAKE_SECONDS`."""
    assert data.images.shape == fake_data().images.shape
    with Path(os.environ["FAKE_DIARY"]).open("a") as diary:
        diary.write(f"begun {unit.name} {os.getpid()} {os.getppid()}\n")
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    if os.environ.get("FAKE_FAIL", "nothing") in str(unit):
        raise UsageError(f"{unit} was told to fail")
    return fake_finished(unit, partition, threads)


def fake_finished(unit: Unit, split: Split | Folds, threads: int) -> Finished:
    """Scores that know a little of the truth, by the unit's name; maps of noise."""
    data = fake_data()
    draw = np.random.default_rng(int(unit.name, 16))
    log_odds = draw.normal(0, 1.5, len(data.cases)) + np.where(data.labels == 0, 1.2, -1.2)
    decision = Decision(threshold=0.4, rule="fixed", temperature=1.5)
    assert isinstance(split, Split)
    rows = {"validation": rows_of(data.cases, split.validation), "test": rows_of(data.cases, split.test)}
    truth = data.labels == 0
    test = rows["test"]
    result = Result(
        unit=unit,
        origin="phantom",
        evaluations=tuple(evaluate_part(truth[own], log_odds[own], decision, part) for part, own in rows.items()),  # type: ignore[arg-type]
        predictions=Predictions(
            patients=tuple(data.cases[row].patient for row in test),
            truth=tuple(map(bool, truth[test])),
            scores=tuple(float(1 / (1 + np.exp(-log_odds[row] / 1.5))) for row in test),
            threshold=0.4,
        ),
        weights="none",
        full_scale=1.0,
        evidence_outside=float(draw.uniform(0.1, 0.4)),
        stages=(StageRun(name="warm-up", epochs=2, best=1),),
        scans=len(rows_of(data.cases, split.development)),
        seconds=1.0 + float(draw.uniform()),
        seconds_by_step={"warm-up": 1.0},
        threads=threads,
    )
    maps = draw.normal(size=(len(test), 7, 7)).astype(np.float32)
    return Finished(result, maps, np.asarray(test, np.int64), log_odds[test])


def main() -> None:
    """Lead a study: FOLDER WORKERS."""
    from edgecad_train.study.conduct import conduct
    from edgecad_train.study.crew import with_workers

    ended = conduct(Path(sys.argv[1]), fake_plan(), with_workers(int(sys.argv[2]), RUNNER), lambda *words: None)
    sys.exit(ended.exit_code)


if __name__ == "__main__":
    main()
