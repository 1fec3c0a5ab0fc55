"""Heads with one activation and another: the user's three lines, and accuracy on the same splits."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgecad.errors import GateFailed
from measures.command import run_command
from measures.decisions import EDGECAD, trained_run

Found = dict[str, Any]
DEFAULT = "silu"
STRATEGIES = ("warm-up", "two-stage")
BARS = {"heat_map": 0.999, "backbone_share": 0.52}


def lines(arguments: Namespace) -> Found:
    """The three lines, a run a seed and activation."""
    rows = []
    print("| seed | activation | codes | kept | score of the scan | map, as it is | under own switches | switched |"
          " backbone of fp32 | nodes in fp32 |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for activation in arguments.activations:
        for seed in range(arguments.runs):
            rows.append(_way(seed, activation, arguments))
            print(_line(rows[-1]), flush=True)
    return {"backbone": arguments.backbone, "data": f"{arguments.patients} PHANTOMS", "bars": BARS, "rows": rows}


def _way(seed: int, activation: str, arguments: Namespace) -> Found:
    options = () if activation == DEFAULT else ("--activation", activation)
    place = trained_run(seed, arguments, *options)
    shutil.rmtree(place / "models", ignore_errors=True)
    codes = (0, GateFailed.exit_code)
    exported = run_command([*EDGECAD, "export", "--fp16"], place, codes)
    scan = arguments.scan.absolute() if arguments.scan else next((place / "data" / "CAD").iterdir())
    answered = run_command([*EDGECAD, "infer", scan, "--json"], place, (0,))
    model = place / "models" / (place / "models" / "latest").read_text().strip()
    parity = json.loads((model / "parity.json").read_text())
    record = json.loads((place / "said.txt").read_text().splitlines()[-1])
    half = {**parity["files"], **parity["refused"]}["model.fp16.onnx"]
    return {
        "seed": seed,
        "activation": activation,
        "codes": [0, exported.code, answered.code],
        "kept": sorted(parity["files"]),
        "score": record["probability"],
        "map_as_it_is": _least_agreement(place, model) if "model.fp16.onnx" in parity["files"] else None,
        "map": min(half["validation"]["heatmap_correlation"], half["golden"]["heatmap_correlation"]),
        "switched": half["validation"]["switched"] + half["golden"]["switched"],
        "backbone_share": half["backbone_share_of_fp32"],
        "kept_in_fp32": len(half["kept_in_fp32"]),
        "export_seconds": exported.seconds,
    }


def _least_agreement(place: Path, model: Path) -> float:
    """Of the maps as a reader would see them: the trained model's and the file's, rounded to half throughout."""
    import onnx

    from edgecad.answer.heatmap import agreement, logit_scale
    from edgecad_export.graph.trained_classifier import classifier_from_keras
    from edgecad_export.precision.fp16.half import as_half
    from edgecad_export.proof.answers import answers_of_file, answers_of_keras
    from edgecad_export.runfiles import read_run

    run = read_run(place / "runs" / "latest")
    fitted = {image.tobytes() for image in run.calibration}
    images = np.stack([image for image in run.images if image.tobytes() not in fitted])
    reference = answers_of_keras(classifier_from_keras(run.model), run.contract, images)
    seen = answers_of_file(as_half(onnx.load(model / "model.fp16.onnx")), run.contract, images, reference.head)
    scale = logit_scale(reference.logits)
    return min(agreement(one, other, scale) for one, other in zip(reference.maps, seen.maps, strict=True))


def _line(row: Found) -> str:
    raw = "-" if row["map_as_it_is"] is None else f"{row['map_as_it_is']:.5f}"
    cells = (
        row["seed"], row["activation"], " ".join(map(str, row["codes"])), " ".join(row["kept"]), f"{row['score']:.3f}",
        raw, f"{row['map']:.5f}", row["switched"], f"{row['backbone_share']:.3f}", row["kept_in_fp32"],
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def activations(arguments: Namespace) -> Found:
    """Test AUC of each strategy with each activation, over the same splits, and the paired difference."""
    place = arguments.kept.absolute() / "activations"
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "data" / "labels.csv").is_file():
        shutil.rmtree(place / "data", ignore_errors=True)
        run_command([*EDGECAD, "phantom", "data", "--patients", arguments.patients, "--seed", 0, "--quiet"], place)
    results = {own: _studied(place, own, arguments) for own in arguments.activations}
    rows = [_compared(strategy, results, arguments.activations) for strategy in STRATEGIES]
    for row in rows:
        print(f"{row['strategy']}: {row['words']}", flush=True)
    return {
        "backbone": arguments.backbone,
        "data": f"{arguments.patients} PHANTOMS",
        "seeds": arguments.runs,
        "rows": rows,
    }


def _studied(place: Path, activation: str, arguments: Namespace) -> Sequence[Any]:
    from edgecad_train.study.folder import StudyFolder

    weights = arguments.weights if arguments.weights in ("none", "imagenet") else Path(arguments.weights).absolute()
    words = [*EDGECAD, "study", "data", "--backbones", arguments.backbone, "--weights", weights, "--rates", "uniform"]
    words += ["--strategies", ",".join(STRATEGIES), "--seeds", arguments.runs, "--activation", activation]
    more = [word if index % 2 else f"--{word}" for index, word in enumerate(arguments.train_options)]
    run_command([*words, "--out", activation, "--quiet", *more], place)
    folder = StudyFolder(place / activation)
    return [result for unit in folder.study().units if (result := folder.result(unit)) is not None]


def _compared(strategy: str, results: dict[str, Sequence[Any]], names: Sequence[str]) -> Found:
    from edgecad_train.study.results.comparisons import against
    from edgecad_train.study.results.pooling import pooled

    one, other = ([result for result in results[name] if result.unit.strategy == strategy] for name in names[:2])
    areas = {
        name: next(metric for metric in pooled(own) if metric.name == "auc")
        for name, own in zip(names, (one, other), strict=False)
    }
    found = against(one, other)
    if found is None:
        raise SystemExit("the two studies share no split")
    difference = found.auc
    told = ", ".join(f"{name} AUC {own.value:.3f} ({own.low:.3f} to {own.high:.3f})" for name, own in areas.items())
    return {
        "strategy": strategy,
        "auc": {name: [own.value, own.low, own.high] for name, own in areas.items()},
        "difference": [difference.value, difference.low, difference.high],
        "method": difference.method,
        "words": f"{told}; difference {difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})",
    }
