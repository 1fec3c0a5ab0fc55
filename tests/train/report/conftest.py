"""A fabricated run folder: every file that training leaves, about patients that do not exist."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from scipy.special import expit

from edgecad.contract import Colours, Contract, Decision, HeatmapScale, Labelling, Origin, Preparation
from edgecad.frozen import json_from_struct
from edgecad_train.classes import CLASSES
from edgecad_train.evaluation.evaluation import Evaluation, evaluate_part
from edgecad_train.evaluation.localisation.figures import localised
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.report.page import write_report
from edgecad_train.report.pictures.sheet import Sheet
from edgecad_train.runs.localised import LocatedLine, write_located

SIZE = 64
DECISION = Decision(threshold=0.35, rule="highest threshold with sensitivity >= 0.95", temperature=1.4)
PARTS = {"train": 56, "validation": 20, "test": 24}


def disc_images(count: int, size: int = SIZE) -> np.ndarray:
    """Smooth discs on black, `(count, size, size, 3)` uint8 RGB."""
    draw = np.random.default_rng(5)
    axis = np.linspace(-1, 1, size)
    inside = (axis[:, None] ** 2 + axis[None, :] ** 2 <= 1)[..., None]
    coarse = draw.uniform(60, 255, (count, 5, 5)).astype(np.float32)
    grey = np.stack([cv2.resize(one, (size, size), interpolation=cv2.INTER_CUBIC) for one in coarse]).clip(0, 255)
    tint = np.array([1.0, 0.7, 0.3])
    return np.where(inside, grey[..., None] * tint, 0).astype(np.uint8)


def maps_of(count: int, seed: int = 3) -> np.ndarray:
    """Smooth signed maps, `(count, 7, 7)` float32, logit units."""
    draw = np.random.default_rng(seed).normal(0, 3, (count, 7, 7)).astype(np.float32)
    return np.stack([cv2.GaussianBlur(one, (3, 3), 1) for one in draw])


def write_run(
    folder: Path,
    folds: int = 0,
    origin: Origin = "phantom",
    reference: str = "a simulated reader",
    **record: Any,
) -> Path:
    """Write a run folder of 100 patients; every fifth one has two scans. Further words change run.json."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(8)
    patients = [f"Doe-{number:04d}" for number in range(1000, 1000 + sum(PARTS.values()))]
    truth = np.arange(len(patients)) % 5 < 3
    log_odds = draw.normal(0, 1.6, len(patients)) + np.where(truth, 1.3, -1.3)
    split = _split(patients, folds)
    part_of = _part_of(split)
    parts = ("out-of-fold", "test") if folds else ("validation", "test")
    evaluations = tuple(
        evaluate_part(truth[rows], log_odds[rows], DECISION, part)  # type: ignore[arg-type]
        for part in parts
        for rows in [np.array([part_of[name][0] == part for name in patients])]
    )
    text = msgspec.json.format(msgspec.json.encode(split), indent=1)
    (folder / "split.json").write_bytes(text)
    (folder / "contract.json").write_text(
        json_from_struct(_contract(evaluations, hashlib.sha256(text).hexdigest(), origin, reference))
    )
    located = [_located(number, name) for number, name in enumerate(patients)]
    shown = [
        localised([scan for scan in located if part_of[scan.patient][0] == part], part)  # type: ignore[arg-type]
        for part in parts
    ]
    metrics = {"schema": 2, "origin": origin, "evaluations": evaluations, "localisation": shown}
    _json(folder / "metrics.json", metrics)
    write_located([LocatedLine(part_of[scan.patient][0], scan) for scan in located], folder / "localisation.csv")
    _json(folder / "history.json", {"schema": 2, "trainings": _trainings(folds)})
    _json(folder / "run.json", {**_record(reference), **record})
    _predictions(folder / "predictions.csv", patients, part_of, truth, log_odds)
    _heatmaps(folder / "heatmaps.npz", patients, part_of, truth, log_odds)
    (folder / "model.keras").write_bytes(b"a model")
    return folder


def _located(number: int, patient: str) -> LocatedScan:
    """Three scans in four show their defect, the fifth has none that is known."""
    known = number % 5 > 0
    return LocatedScan(
        scan=number,
        patient=patient,
        score=0.9,
        above=True,
        truth="segments" if known else "",
        deficit=None,
        chance=0.3 if known else None,
        peak_on_defect=number % 5 > 1 if known else None,
        map_auc=0.9 if known else None,
        coldest_on_defect=None,
        region_empty=False,
        region_uptake=0.75,
        map_and_uptake=-0.4,
    )


def _split(patients: list[str], folds: int) -> dict[str, Any]:
    bounds = np.cumsum([0, *PARTS.values()])
    own = {name: patients[start:end] for name, start, end in zip(PARTS, bounds, bounds[1:], strict=False)}
    if not folds:
        return {"kind": "split", "seed": 4, **own}
    development = own["train"] + own["validation"]
    parts = [part.tolist() for part in np.array_split(np.array(development), folds)]
    return {"kind": "folds", "seed": 4, "folds": parts, "test": own["test"]}


def _part_of(split: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Part and fold by patient."""
    if split["kind"] == "split":
        return {name: (part, "") for part in PARTS for name in split[part]}
    folds = {name: ("out-of-fold", str(k)) for k, fold in enumerate(split["folds"], 1) for name in fold}
    return {**folds, **dict.fromkeys(split["test"], ("test", ""))}


def _contract(evaluations: tuple[Evaluation, ...], split_sha256: str, origin: Origin, reference: str) -> Contract:
    return Contract(
        name="20261124-150000-mobilenetv2",
        created="2026-11-24T15:00:00+00:00",
        classes=CLASSES,
        positive=CLASSES[0],
        origin=origin,
        preparation=Preparation(size=SIZE),
        scaling="tf",
        backbone="mobilenetv2",
        head="GAP - Dense(64, silu) - Dropout(0.3) - Dense(2)",
        activations=("silu",),
        feature_layer="out_relu",
        decision=DECISION,
        heatmap=HeatmapScale(full_scale=3.5, region_threshold=1.75),
        labelling=Labelling(reference=reference, prevalence=0.6),
        colours=Colours(),
        metrics=tuple(metric for evaluation in evaluations for metric in evaluation.metrics),
        data_sha256="d" * 64,
        split_sha256=split_sha256,
        weights="file mobilenetv2.h5 sha256:0123456789abcdef",
        versions={"edgecad": "0.1.0", "keras": "3.15.0", "tensorflow": "2.21.0", "python": "3.11.9"},
        intended_use="Research on agreement with readers. Not a medical device.",
    )


def _record(reference: str) -> dict[str, Any]:
    stages = [
        {"name": "warm-up", "part": "head", "epochs": 12, "learning_rate": 1e-4, "hold_batch_norm": True},
        {"name": "fine-tuning", "part": "top", "epochs": 9, "learning_rate": 1e-6, "hold_batch_norm": True},
    ]
    return {
        "schema": 2,
        "settings": {
            "backbone": "mobilenetv2",
            "weights": "/somewhere/mobilenetv2.h5",
            "plan": {"strategy": "two-stage", "stages": stages, "pretrained": True, "lr_exponent": 4.0},
            "head": {"units": 64, "dropout": 0.3},
            "batch_size": 16,
            "seed": 7,
            "reference": reference,
        },
        "fine_tuned_from": "block_16_expand",
        "unfrozen": {"layers": 10, "of_layers": 154, "parameter_share": 0.3141},
        "patient_rule": "the file's stem",
        "scans": 120,
        "patients": PARTS,
        "patients_by_class": {},
        "refused": [
            {"file": "Doe-0007.jpg", "reason": "no-disc", "message": "no disc was found"},
            {"file": "Doe-0008.jpg", "reason": "overlay", "message": "text over the disc"},
            {"file": "Doe-0009.jpg", "reason": "no-disc", "message": "no disc was found"},
        ],
        "findings": [
            {"code": "near-duplicate", "text": "Doe-1001.jpg and Doe-1090.jpg are alike (0.9991)"},
            {"code": "colour-table", "text": "2 colour tables were found; 3 % of the scans have the rarer one"},
        ],
        "optimism": None,
        "search": None,
        "seconds": 1234.56,
        "seconds_by_step": {"reading": 20.25, "frozen": 31.5, "warm-up": 4.125, "fine-tuning": 88.0},
    }


def _trainings(folds: int) -> list[dict[str, Any]]:
    names = [*(f"fold {k}" for k in range(1, folds + 1)), "refit"] if folds else ["run"]
    lengths = {"warm-up": 12, "fine-tuning": 9}
    return [
        {"name": name, "stages": [_stage(stage, n, k, name != "refit") for stage, n in lengths.items()]}
        for k, name in enumerate(names)
    ]


def _stage(stage: str, epochs: int, seed: int, validated: bool) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    course = [
        {
            "loss": 0.7 * 0.93**epoch,
            "accuracy": 0.9 - 0.35 * 0.85**epoch,
            "val_loss": float(0.75 * 0.95**epoch + draw.normal(0, 0.01)) if validated else None,
            "val_accuracy": float(0.85 - 0.3 * 0.85**epoch + draw.normal(0, 0.01)) if validated else None,
        }
        for epoch in range(epochs)
    ]
    best = int(np.argmax([one["val_accuracy"] for one in course])) if validated else epochs - 1
    return {"stage": stage, "epochs": course, "best": best}


def _predictions(
    path: Path, patients: list[str], part_of: dict[str, tuple[str, str]], truth: np.ndarray, log_odds: np.ndarray
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["patient", "part", "fold", "label", "scans", "score_cad", "log_odds", "above"])
        for row, name in enumerate(patients):
            score = expit(log_odds[row] / DECISION.temperature)
            figures = (f"{score:.6f}", f"{log_odds[row]:.6f}", int(score >= DECISION.threshold))
            table.writerow([name, *part_of[name], CLASSES[0 if truth[row] else 1], 1 + (row % 5 == 0), *figures])


def _heatmaps(
    path: Path, patients: list[str], part_of: dict[str, tuple[str, str]], truth: np.ndarray, log_odds: np.ndarray
) -> None:
    rows = [row for row, name in enumerate(patients) if part_of[name][0] != "train" for _ in range(1 + (row % 5 == 0))]
    np.savez_compressed(
        path,
        images=disc_images(len(rows)),
        score_maps=maps_of(len(rows)),
        log_odds=log_odds[rows],
        patient=np.array([patients[row] for row in rows]),
        part=np.array([part_of[patients[row]][0] for row in rows]),
        label=np.array([CLASSES[0 if truth[row] else 1] for row in rows]),
    )


def _json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=1))


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Path]:
    """Write a fabricated run folder: `make_run(folder, folds=0, origin="phantom", reference=..., **run_json)`."""
    return write_run


def _reported(folder: Path) -> Path:
    """The same folder with its report; pictures are small, because drawing large ones takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgecad_train.report.pictures.drawing.DPI", 50)
        write_report(folder)
    return folder


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a plain split and its report. Not to be written to."""
    return _reported(write_run(tmp_path_factory.mktemp("report") / "plain"))


@pytest.fixture(scope="session")
def folds_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with five folds and no heat maps, and its report. Not to be written to."""
    folder = write_run(tmp_path_factory.mktemp("report") / "folds", folds=5)
    (folder / "heatmaps.npz").unlink()
    return _reported(folder)


@pytest.fixture(scope="session")
def discs() -> Callable[[int], np.ndarray]:
    """Draw that many prepared images, `(n, 64, 64, 3)` uint8 RGB."""
    return disc_images


@pytest.fixture(scope="session")
def score_maps() -> Callable[..., np.ndarray]:
    """Draw that many heat maps, `(n, 7, 7)` float32, logit units."""
    return maps_of


class WatchedSheet(Sheet):
    """Remembers the pictures and words that were put on it."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(width, height)
        self.pictures: list[np.ndarray] = []
        self.texts: list[str] = []

    def tile(self, x: float, y: float, side: float, picture: np.ndarray) -> None:
        self.pictures.append(picture)
        super().tile(x, y, side, picture)

    def words(self, x: float, y: float, text: str, *rest: Any, **more: Any) -> None:
        self.texts.append(text)
        super().words(x, y, text, *rest, **more)


@pytest.fixture
def watched_sheets(monkeypatch: pytest.MonkeyPatch) -> list[WatchedSheet]:
    """The sheets that cases and strategies draw while a test runs, in order."""
    sheets: list[WatchedSheet] = []

    def watched(width: float, height: float) -> WatchedSheet:
        sheets.append(WatchedSheet(width, height))
        return sheets[-1]

    for room in ("cases", "strategies"):
        monkeypatch.setattr(f"edgecad_train.report.pictures.{room}.Sheet", watched)
    return sheets
