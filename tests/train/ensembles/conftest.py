"""Small runs on the same 40 phantoms and folds, of which ensembles are made; and copies of them to be spoilt."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from edgecad_train.data import PreparedData, find_cases, parse_input, preparation_for, prepare_cases
from edgecad_train.ensembles.making import make_ensemble
from edgecad_train.ensembles.members import read_members
from edgecad_train.options import InputOptions
from edgecad_train.phantoms import write_dataset
from edgecad_train.running.training import train
from edgecad_train.runs.writing import Contents, write_run
from edgecad_train.splits.split import Folds, Split, folds_by_patient
from edgecad_train.training.settings import Settings

SETTINGS = Settings("mobilenetv2", "none", "two-stage", warmup_epochs=2, finetune_epochs=1, seed=1)
WITHOUT_PAGES = Contents(report=False)

Trained = Callable[..., Path]
Small = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def forty(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    """40 phantoms, enough outside the test part that familiarity is measured."""
    folder = tmp_path_factory.mktemp("forty") / "data"
    write_dataset(folder, 40, seed=5)
    cases = find_cases(folder).cases
    return prepare_cases(cases, preparation_for(parse_input(InputOptions()), 224, cases))


@pytest.fixture(scope="session")
def trained(forty: PreparedData, small: Small, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train a run of the small network in two folds and write its folder; told are settings that differ."""
    runs, folds = tmp_path_factory.mktemp("members"), folds_by_patient(forty.cases, seed=0, folds=2)

    def make(name: str, partition: Split | Folds = folds, **changes: object) -> Path:
        with small():
            outcome = train(forty, partition, dataclasses.replace(SETTINGS, **changes), name)  # type: ignore[arg-type]
        (runs / name).mkdir()
        write_run(outcome, runs / name, 1.0, "the stem", contents=WITHOUT_PAGES)
        return runs / name

    return make


@pytest.fixture(scope="session")
def one(trained: Trained) -> Path:
    """A member."""
    return trained("one")


@pytest.fixture(scope="session")
def two(trained: Trained) -> Path:
    """Another seed."""
    return trained("two", seed=2)


@pytest.fixture(scope="session")
def three(trained: Trained) -> Path:
    """Another seed, other features on another grid, and another number of hidden units."""
    return trained("three", seed=3, features="last", units=16)


@pytest.fixture(scope="session")
def ensemble(one: Path, two: Path, three: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of all three."""
    return make_ensemble(read_members([one, two, three]), tmp_path_factory.mktemp("ensembles"))


@pytest.fixture
def spoilt(tmp_path: Path) -> Callable[[Path], Path]:
    """A copy of a run folder."""
    return lambda run: Path(shutil.copytree(run, tmp_path / run.name))
