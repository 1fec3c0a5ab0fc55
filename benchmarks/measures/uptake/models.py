"""Models trained on phantoms, each in a folder that is kept: drawn and trained only where something is missing."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Features, Preparation
from edgecad.frozen import json_from_struct
from measures.decisions.options import PhantomRuns

if TYPE_CHECKING:
    from edgecad_train.data import PreparedData
    from edgecad_train.judgement.models import JudgedModel
    from edgecad_train.runs.spec import RunSpec
    from edgecad_train.training.settings import Settings

MIXED = "mixed"
"""Word for phantoms of several tables, in equal shares."""
OWN_TABLES = ("warm", "iron", "rainbow", "grey")
"""Those tables."""
SIZE = 224
BATCH = 64


@dataclass(frozen=True)
class TrainedOn:
    """What a model is trained on, and how.

    Attributes:
        tables: `mixed`, or the one table of all phantoms.
        drawing: of uptake; None: the screen's own colours.
        folds: 0: one validation part.
        features: which are pooled.
    """

    seed: int
    tables: str
    drawing: Drawing | None
    strategy: str
    folds: int
    features: Features = "stride-16"

    @property
    def preparation(self) -> Preparation:
        """How its screens become images."""
        return preparation_of(self.drawing, self.tables)

    @property
    def name(self) -> str:
        """Of its run folder; its end changes with what the preparation makes of a phantom."""
        drawing = self.drawing
        way = f"uptake-{drawing.table}-{drawing.blur:g}-{drawing.beyond}" if drawing else "rgb"
        return f"{way}-{self.features}-{self.strategy}-{self.folds}-{_mark_of(self.preparation)}"


def preparation_of(drawing: Drawing | None, tables: str = MIXED) -> Preparation:
    """Uptake in a drawing, read through the tables of the training scans; or the screen's own colours."""
    if drawing is None:
        return Preparation(size=SIZE)
    names = OWN_TABLES if tables == MIXED else (tables,)
    return Preparation(size=SIZE, input="uptake", tables=tuple(map(known_table, names)), drawing=drawing)


def trained(wanted: TrainedOn, runs: PhantomRuns) -> JudgedModel:
    """The model, trained if need be."""
    from edgecad_train.judgement.models import open_model

    return open_model(trained_run(wanted, runs))


def trained_run(wanted: TrainedOn, runs: PhantomRuns) -> Path:
    """The run folder of a model, trained if need be."""
    from edgecad_train.running.make import make_run
    from edgecad_train.runs.writing import Contents

    place = runs.kept.absolute() / f"{runs.backbone}-{runs.patients}-{wanted.tables}" / f"seed-{wanted.seed}"
    folder = place / wanted.name
    if not folder.is_dir():
        data = _prepared(place / "data", wanted, runs)
        # Not shared with other preparations: frozen outputs are kept by the scans' files alone.
        cache = place / f"frozen-{_mark_of(wanted.preparation)}"
        make_run(folder, _spec(data, wanted, runs), data, contents=Contents(report=False), cache=cache)
    return folder


def _spec(data: PreparedData, wanted: TrainedOn, runs: PhantomRuns) -> RunSpec:
    from edgecad_train.cli.train.ready import digest_of
    from edgecad_train.data.labelled import STEM_RULE
    from edgecad_train.runs.spec import RunSpec
    from edgecad_train.splits.protocol import Protocol
    from edgecad_train.splits.split import divide
    from edgecad_train.versions import package_versions

    settings = _settings(wanted, runs)
    return RunSpec(
        name=wanted.name,
        data=str(runs.kept.absolute()),
        patient_rule=STEM_RULE,
        preparation=data.preparation,
        settings=settings,
        partition=divide(data.cases, wanted.seed, Protocol(folds=wanted.folds)),
        data_sha256=data.sha256,
        weights_sha256=digest_of(settings.first_weights),
        versions=package_versions(),
    )


def _settings(wanted: TrainedOn, runs: PhantomRuns) -> Settings:
    from edgecad_train.training.settings import Settings

    own: dict[str, type[Any]] = {field.name: type(field.default) for field in fields(Settings)}
    words = dict(zip(runs.train_options[::2], runs.train_options[1::2], strict=True))
    given = {name: own[name](word) for key, word in words.items() if (name := key.replace("-", "_")) in own}
    settings = Settings(runs.backbone, runs.weights, wanted.strategy, features=wanted.features, seed=wanted.seed)
    return replace(settings, **given).spelt_out()


def _prepared(folder: Path, wanted: TrainedOn, runs: PhantomRuns) -> PreparedData:
    """Phantoms of a seed, drawn if need be, and prepared."""
    from edgecad_train.data import find_cases, prepare_cases
    from edgecad_train.phantoms import write_dataset

    if not (folder / "labels.csv").is_file():
        shutil.rmtree(folder, ignore_errors=True)  # what a kill left of it
        write_dataset(folder, runs.patients, wanted.seed, None if wanted.tables == MIXED else wanted.tables)
    return prepare_cases(find_cases(folder).cases, wanted.preparation)


def scores_of(model: JudgedModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """P(CAD) of prepared images `(n, size, size, 3)`, `(n,)`, after the model's temperature."""
    from scipy.special import expit

    batches = [model.logits(images[start : start + BATCH]) for start in range(0, len(images), BATCH)]
    logits, positive = np.concatenate(batches), model.contract.positive_index
    return np.asarray(expit((logits[:, positive] - logits[:, 1 - positive]) / model.contract.decision.temperature))


def _mark_of(preparation: Preparation) -> str:
    """Changes with what a preparation says, and with what it makes of one phantom."""
    from edgecad.polarmap import prepare
    from edgecad_train.phantoms import draw_patient, render_screen

    table = preparation.tables[0].name if preparation.tables else OWN_TABLES[0]
    image = prepare(render_screen(replace(draw_patient(0, 0), palette=table)), preparation).image
    return hashlib.sha256(json_from_struct(preparation).encode() + image.tobytes()).hexdigest()[:8]
