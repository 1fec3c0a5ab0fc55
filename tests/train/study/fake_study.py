"""A study without Keras: a maker of run folders that answers by the hash of a unit's name, and watches that nobody
works twice.

Workers import it by name, in processes of their own; run as a script it leads a study.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgecad.contract import Colours, Contract, Decision, HeatmapScale, Labelling, Preparation
from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad.system.folders import new_folder
from edgecad_train.data import Case, PreparedData
from edgecad_train.data.prepared import ScreenFacts
from edgecad_train.evaluation.evaluation import Evaluation, evaluate_part
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.runs.localised import LocatedLine, write_located
from edgecad_train.runs.partition import write_partition
from edgecad_train.runs.predictions import PatientLine, write_predictions
from edgecad_train.runs.reading import read_records
from edgecad_train.runs.record import History, Metrics, RunRecord, write_record
from edgecad_train.runs.spec import RunSpec
from edgecad_train.splits.split import Split, rows_of
from edgecad_train.study.definition.partitions import draws, part_name, partitions_of
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.definition.spec import BackboneSpec, StudySpec, Weights, study_from
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.results.unit_run import UnitRun
from edgecad_train.study.workers.run_specs import run_spec_of
from edgecad_train.training.history import Epoch, StageHistory, TrainingHistory
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import Stage

SIZE = 32
MAKER = "fake_study"
DECISION = Decision(threshold=0.4, rule="fixed", temperature=1.5)


@lru_cache
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


def fake_spec(**changes: object) -> StudySpec:
    """Two networks, three strategies, two seeds: 16 units with the layer-wise two-stage."""
    given: dict[str, object] = {
        "backbones": tuple(
            BackboneSpec(name=name, weights=Weights(name="none"), preparation=Preparation(size=SIZE))
            for name in ("mobilenetv2", "resnet50v2")
        ),
        "strategies": ("scratch", "warm-up", "two-stage"),
        "rates": "both",
        "settings": Settings(),
        "seeds": 2,
        "folds": None,
        "protocol": "holdout",
        "inner_folds": None,
        "time_plain": False,
        "keep_models": False,
        "data_sha256": "d" * 64,
        "patient_rule": "the file's stem",
        "versions": {"edgecad": "0", "keras": "3", "tensorflow": "2"},
    }
    return StudySpec(**(given | changes))  # type: ignore[arg-type]


def fake_plan(**changes: object) -> StudyPlan:
    """A planned study on `fake_data`."""
    data, spec = fake_data(), fake_spec(**changes)
    partitions = partitions_of(data.cases, spec.seeds, spec.folds, spec.chooser)
    study = study_from(spec, data.origin, partitions)
    parts = [part_name(*draw) for draw in draws(spec.seeds, spec.folds)]
    return StudyPlan(study, Path("data"), {SIZE: data}, dict(zip(parts, partitions, strict=True)), {})


def make_unit(
    folder: Path, spec: RunSpec, data: PreparedData, keep_model: bool, progress: object = None, cache: object = None
) -> None:
    """Make a run folder, as `edgecad_train.study.workers.making` would.

    It takes `$FAKE_SECONDS`, fails where `$FAKE_FAIL` is in the unit's words, kills its process where `$FAKE_DIE` is,
    and notes what it does in `$FAKE_NOTES`, or in the study's folder.
    """
    assert data.images.shape == fake_data().images.shape
    study = folder.parent.parent
    notes = Path(os.environ.get("FAKE_NOTES", study / "notes.txt"))
    words = _words(study, spec.name)
    with Path(f"{notes}.{spec.name}").open("w") as busy:
        try:
            fcntl.flock(busy, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _note(notes, "AT-ONCE", spec.name)
        if folder.exists():
            _note(notes, "TWICE", spec.name)
        _note(notes, "begun", spec.name)
        time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
        if os.environ.get("FAKE_FAIL", "nothing") in words:
            raise UsageError(f"{words} was told to fail\n  on two lines")
        if os.environ.get("FAKE_DIE", "nothing") in words:
            os.kill(os.getpid(), 9)
        write_fake_run(folder, spec)


def _words(study: Path, name: str) -> str:
    """The unit's words; a node of a cluster has its name only."""
    if not (study / "study.json").is_file():
        return name
    return next(str(unit) for unit in StudyFolder(study).study().units if unit.name == name)


def _note(notes: Path, word: str, name: str) -> None:
    with notes.open("a") as file:
        file.write(f"{word} {name} {os.getpid()} {os.getppid()}\n")


def plain_seconds_an_epoch(spec: RunSpec, stage: Stage, data: PreparedData) -> tuple[float, int]:
    """Seconds by the length of the stage's part."""
    if os.environ.get("FAKE_FAIL", "nothing") == "plain":
        raise ValueError("no time")
    if os.environ.get("FAKE_DIE", "nothing") == "plain":
        os.kill(os.getpid(), 9)
    return float(len(stage.part)), 3


def spec_of(plan: StudyPlan, unit: Unit) -> RunSpec:
    """The spec of a unit's run."""
    weights = str(unit.settings.weights)
    return run_spec_of(unit, plan.study.spec, plan.partitions[unit.part_name], "data", weights)


def put_fake_run(folder: StudyFolder, plan: StudyPlan, unit: Unit) -> None:
    """Write a unit's run into a study folder."""
    folder.clear_damaged(unit)
    write_fake_run(folder.run_folder(unit), spec_of(plan, unit))


def fake_run(plan: StudyPlan, unit: Unit, place: Path) -> UnitRun:
    """A unit's run, written into `place` and read again."""
    folder = place / unit.name
    if not folder.is_dir():
        write_fake_run(folder, spec_of(plan, unit))
    return UnitRun.of(unit, read_records(folder))


def fake_log_odds(name: str) -> np.ndarray:
    """Log-odds that know a little of the truth, `(n,)`, by the unit's name."""
    draw = np.random.default_rng(int(name, 16))
    data = fake_data()
    return draw.normal(0, 1.5, len(data.cases)) + np.where(data.labels == 0, 1.2, -1.2)


def fake_evaluations(spec: RunSpec) -> tuple[Evaluation, ...]:
    """Figures of the validation and of the test part."""
    split, data, log_odds = spec.partition, fake_data(), fake_log_odds(spec.name)
    assert isinstance(split, Split)
    validation, test = (rows_of(data.cases, part) for part in (split.validation, split.test))
    truth = data.labels == 0
    return (
        evaluate_part(truth[validation], log_odds[validation], DECISION, "validation"),
        evaluate_part(truth[test], log_odds[test], DECISION, "test"),
    )


def write_fake_run(folder: Path, spec: RunSpec) -> None:
    """Write a run folder without Keras, by the writers of `edgecad_train.runs`."""
    evaluations = fake_evaluations(spec)
    with new_folder(folder) as partial:
        (partial / "contract.json").write_text(json_from_struct(_contract(spec, evaluations)))
        write_partition(spec.partition, partial / "split.json")
        write_record(_record(spec), partial / "run.json")
        stage = StageHistory("warm-up", (Epoch(0.7, 0.5, 0.6, 0.6), Epoch(0.5, 0.7, 0.5, 0.8)), best=1)
        write_record(History(trainings=(TrainingHistory("run", (stage,)),)), partial / "history.json")
        write_record(Metrics(origin="phantom", evaluations=evaluations), partial / "metrics.json")
        write_predictions(_lines(spec), partial / "predictions.csv")
        _write_heatmaps(spec, partial / "heatmaps.npz")
        write_located(_located(spec), partial / "localisation.csv")


def _located(spec: RunSpec) -> Iterator[LocatedLine]:
    """Every second test scan of CAD has a known defect; nine maps in ten lie on it, by the unit's name."""
    data, draw = fake_data(), np.random.default_rng(int(spec.name, 16))
    assert isinstance(spec.partition, Split)
    for row in rows_of(data.cases, spec.partition.test).tolist():
        case, known = data.cases[row], row % 2 == 0 and data.cases[row].label == "CAD"
        hit = bool(draw.random() < 0.9)
        yield LocatedLine(
            "test",
            LocatedScan(
                scan=row,
                patient=case.patient,
                score=0.8,
                above=True,
                truth="mask" if known else "",
                deficit=6.0 if known else None,
                chance=0.25 if known else None,
                peak_on_defect=hit if known else None,
                map_auc=float(draw.uniform(0.7, 1)) if known else None,
                coldest_on_defect=True if known else None,
                region_empty=False,
                region_uptake=0.8,
                map_and_uptake=-0.5,
            ),
        )


def _contract(spec: RunSpec, evaluations: tuple[Evaluation, ...]) -> Contract:
    return Contract(
        name=spec.name,
        created="2026-01-01T00:00:00+00:00",
        classes=("CAD", "nonCAD"),
        positive="CAD",
        origin="phantom",
        preparation=spec.preparation,
        scaling="tf",
        backbone=spec.settings.backbone,
        head="a head",
        activations=(),
        feature_layer="a layer",
        decision=DECISION,
        heatmap=HeatmapScale(full_scale=1.0, region_threshold=0.5),
        labelling=Labelling(reference="a simulated reader", prevalence=0.6),
        colours=Colours(),
        metrics=tuple(metric for evaluation in evaluations for metric in evaluation.metrics),
        data_sha256=spec.data_sha256,
        split_sha256=spec.partition.sha256,
        weights="none",
        versions=spec.versions,
        intended_use="tests",
    )


def _record(spec: RunSpec) -> RunRecord:
    draw = np.random.default_rng(int(spec.name, 16) + 1)
    return RunRecord(
        settings=replace(spec.settings, weights="none"),
        plan=spec.settings.plan,
        fine_tuned_from=None,
        unfrozen=None,
        patient_rule=spec.patient_rule,
        scans=len(fake_data().cases),
        refused=(),
        seconds=3.0,
        seconds_by_step={"warm-up": 1.0 + float(draw.uniform())},
        threads=1,
        evidence_outside=float(draw.uniform(0.1, 0.4)),
    )


def _lines(spec: RunSpec) -> Iterator[PatientLine]:
    data, log_odds = fake_data(), fake_log_odds(spec.name)
    scores = 1 / (1 + np.exp(-log_odds / DECISION.temperature))
    for part, members in spec.partition.parts().items():
        for row in rows_of(data.cases, members):
            case, score = data.cases[row], float(scores[row])
            above = score >= DECISION.threshold
            yield PatientLine(case.patient, part, case.label, 1, score, float(log_odds[row]), above)


def _write_heatmaps(spec: RunSpec, path: Path) -> None:
    data = fake_data()
    rows = rows_of(data.cases, (*spec.partition.held, *spec.partition.test))
    patients = [data.cases[row].patient for row in rows]
    maps = np.random.default_rng(int(spec.name, 16)).normal(size=(len(rows), 7, 7)).astype(np.float32)
    np.savez_compressed(
        path,
        score_maps=maps,
        log_odds=fake_log_odds(spec.name)[rows],
        patient=np.array(patients, str),
        part=np.array(["test" if name in spec.partition.test else "validation" for name in patients], str),
        row=np.asarray(rows, np.int64),
    )


def main() -> None:
    """Lead a study: FOLDER WORKERS."""
    from edgecad_train.study.leading import run_study
    from edgecad_train.study.workers.pool import with_workers

    outcome = run_study(Path(sys.argv[1]), fake_plan(), with_workers(int(sys.argv[2]), MAKER), lambda *words: None)
    sys.exit(outcome.exit_code)


if __name__ == "__main__":
    main()
