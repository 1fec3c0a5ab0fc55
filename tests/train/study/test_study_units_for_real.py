"""Units made by the code of `edgecad train`: the same figures, resumed where a kill left them, exportable if wanted."""

from __future__ import annotations

import dataclasses
import errno
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from small_study import MAKER, in_this_process
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.errors import EdgecadError, UsageError
from edgecad.system.folders import followed
from edgecad_train.cli.study.next import next_command
from edgecad_train.data import Case
from edgecad_train.runs.partition import partition_from_file
from edgecad_train.runs.reading import RunFiles, read_run
from edgecad_train.runs.spec import RunSpec
from edgecad_train.study.definition.planning import StudyPlan, plan_study
from edgecad_train.study.definition.request import StudyOptions, StudyRequest
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.leading import StudyOutcome, run_study
from edgecad_train.study.workers.making import make_unit
from edgecad_train.study.workers.messages import Listener, WorkerEvent
from edgecad_train.study.workers.pool import with_workers
from edgecad_train.study.workers.run_specs import run_spec_of
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.settings import Settings

SHORT = Settings(warmup_epochs=2, finetune_epochs=2, class_weights="balanced", augment=2, units=8)


@pytest.fixture
def request_of(phantom_folder: Path) -> Callable[..., StudyRequest]:
    """Ask for a study of two-stage on 30 phantoms; the network starts from random weights."""

    def make(settings: Settings = SHORT, **options: Any) -> StudyRequest:
        given: dict[str, Any] = {
            "backbones": "mobilenetv2", "strategies": "two-stage", "rates": "uniform", "first_weights": ["none"],
            "seeds": 1, "without_normal_limits": True,
        }  # fmt: skip
        return StudyRequest(phantom_folder, StudyOptions(**(given | options)), settings)

    return make


@pytest.fixture
def plan_of(request_of: Callable[..., StudyRequest]) -> Callable[..., StudyPlan]:
    """Plan such a study."""
    return lambda *settings, **options: plan_study(request_of(*settings, **options), lambda done, of: None)


def quiet(*words: object) -> None:
    """No bars."""


def done(path: Path, plan: StudyPlan) -> StudyOutcome:
    outcome = run_study(path, plan, in_this_process, quiet)
    assert outcome.failures == ()
    return outcome


def only_run(path: Path) -> RunFiles:
    """The run of a study of one unit."""
    folder = StudyFolder(path)
    (unit,) = folder.study().units
    return read_run(folder.run_folder(unit))


def told(run: RunFiles) -> dict[str, object]:
    """All that must be equal between two runs of the same settings, scans and parts."""
    return {
        "evaluations": run.evaluations,
        "predictions": run.predictions,
        "trainings": run.trainings,
        "partition": run.partition,
        "settings": run.record.settings,
        "decision": run.contract.decision,
        "maps": None if run.heatmaps is None else run.heatmaps.score_maps.tobytes(),
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "--protocol holdout"),
        ({"protocol": "folds", "inner_folds": 2}, "--folds 2"),
        ({"seeds": None, "folds": 2}, "--split study/splits/fold-1.json"),
    ],
)
def test_a_unit_and_the_command_that_trains_it_again_give_the_same_run(
    options: dict[str, Any], words: str, request_of: Callable[..., StudyRequest], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    request = request_of(**options)
    plan = plan_study(request, lambda done, of: None)
    done(Path("study"), plan)
    command = next_command(request, plan, Path("study"))
    assert command
    assert command.endswith(f"--class-weights balanced --augment 2 {words}")
    trained = CliRunner().invoke(app, shlex.split(command)[1:])
    assert trained.exit_code == 0, trained.output
    folder = StudyFolder(Path("study"))
    unit, run = read_run(folder.run_folder(plan.study.units[0])), read_run(followed(Path("runs/latest")))
    assert told(unit) == told(run)
    assert partition_from_file(folder.partition_file(plan.study.units[0].part_name), _cases(plan)) == run.partition
    assert unit.record.threads == run.record.threads
    assert unit.record.evidence_outside == run.record.evidence_outside
    assert unit.record.settings.class_weights == "balanced"


def _cases(plan: StudyPlan) -> tuple[Case, ...]:
    (data,) = plan.data.values()
    return data.cases


def test_without_models_a_unit_is_a_run_folder_of_records(plan_of: Callable[..., StudyPlan], tmp_path: Path) -> None:
    done(tmp_path / "study", plan_of())
    run = only_run(tmp_path / "study")
    assert {path.name for path in run.folder.iterdir()} == {
        "contract.json", "heatmaps.npz", "history.json", "localisation.csv", "metrics.json", "predictions.csv",
        "run.json", "scans.json", "split.json",
    }  # fmt: skip
    assert run.model_sha256 is None
    assert run.heatmaps is not None
    assert run.heatmaps.images is None


def test_a_model_that_was_kept_is_evaluated_and_exported(
    plan_of: Callable[..., StudyPlan], phantom_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="needs the extra edgecad[export]")
    monkeypatch.chdir(tmp_path)
    done(tmp_path / "study", plan_of(keep_models=True))
    run = only_run(tmp_path / "study")
    assert run.model_sha256 is not None
    judged = CliRunner().invoke(app, ["evaluate", str(run.folder), str(phantom_folder), "--json", "--out", "judged"])
    assert judged.exit_code == 0, judged.output
    assert "these are the data that" in judged.stderr, "its scans are known again"
    exported = CliRunner().invoke(app, ["export", str(run.folder), "--out", "models"])
    assert exported.exit_code == 0, exported.output
    assert (followed(Path("models/latest")) / "model.onnx").is_file()


class Killed(BaseException):
    """Stands for a kill: nothing catches it, and nothing is tidied up behind it that a kill would leave."""


def spec_of(plan: StudyPlan) -> RunSpec:
    (unit,) = plan.study.units
    return run_spec_of(unit, plan.study.spec, plan.partitions[unit.part_name], str(plan.source), "none")


def test_a_unit_that_was_killed_resumes_at_its_epoch_with_the_same_figures(
    plan_of: Callable[..., StudyPlan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the disk was full, and its scans lie elsewhere by now; but not as another run."""
    monkeypatch.setattr(Checkpoint, "due", True)
    plan = plan_of(Settings(warmup_epochs=4, finetune_epochs=6))
    spec, (data,) = spec_of(plan), plan.data.values()
    folder, cache = tmp_path / spec.name, tmp_path / "cache"

    def kill(stage: str, epoch: int, of: int, figures: str) -> None:
        if (stage, epoch) == ("fine-tuning", 2):
            raise Killed

    def fill_the_disk(stage: str, epoch: int, of: int, figures: str) -> None:
        if (stage, epoch) == ("fine-tuning", 4):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Killed):
        make_unit(folder, spec, data, False, kill, cache)
    with pytest.raises(EdgecadError, match="free the disk and run: the same command again"):
        make_unit(folder, spec, data, False, fill_the_disk, cache)
    assert not folder.exists()
    other = replace(spec, settings=dataclasses.replace(spec.settings, batch_size=4))
    with pytest.raises(UsageError, match="is another run's"):
        make_unit(folder, other, data, False)

    seen: list[tuple[str, int]] = []
    moved = replace(spec, data="/somewhere/else")
    make_unit(folder, moved, data, False, lambda stage, epoch, *words: seen.append((stage, epoch)), cache)
    assert min(epoch for stage, epoch in seen if stage == "fine-tuning") >= 4
    assert "warm-up" not in {stage for stage, _ in seen}
    assert not folder.with_name(f"{spec.name}.unfinished").exists()

    make_unit(tmp_path / "again" / spec.name, spec, data, False)
    assert told(read_run(folder)) == told(read_run(tmp_path / "again" / spec.name))


def test_a_worker_that_is_killed_midway_is_replaced_and_the_unit_resumes(
    plan_of: Callable[..., StudyPlan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real processes: the second worker begins where the first one's checkpoint is, not at epoch 0."""
    monkeypatch.setenv("SMALL_DIES", str(tmp_path / "died"))
    events: list[WorkerEvent] = []

    def listening(folder: StudyFolder, plan: StudyPlan, listener: Listener) -> None:
        def hear(event: WorkerEvent) -> None:
            events.append(event)
            listener(event)

        with_workers(1, MAKER)(folder, plan, hear)

    outcome = run_study(tmp_path / "study", plan_of(Settings(warmup_epochs=3, finetune_epochs=5)), listening, quiet)
    assert outcome.failures == ()
    assert (tmp_path / "died").exists()
    assert len(outcome.warnings) == 1, "one worker died"
    assert "was ended by SIGKILL" in outcome.warnings[0]
    died = next(number for number, event in enumerate(events) if event.kind == "warning")
    before, after = ([event.text for event in part] for part in (events[:died], events[died:]))
    assert any(text.startswith("warm-up") for text in before)
    assert any(text.startswith("fine-tuning") for text in after)
    assert not any(text.startswith("warm-up") for text in after), "warm-up was in the checkpoint"
    run = only_run(tmp_path / "study")
    assert [len(stage.epochs) for stage in run.trainings[0].stages] == [3, 5]
