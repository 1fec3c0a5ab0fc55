"""Scratch, warm-up alone and two-stage on phantoms: does the machinery learn, and in what order?

    python benchmarks/phantom_strategies.py --weights FILE [--seeds 3] [--patients 218]

Each seed draws its own phantoms, its own split and its own first weights. Every cell of the table is
one run of `edgecad train`'s own function; its test part is opened once. The order that comes out is
about phantoms and says nothing about patients.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from edgecad_train.data import find_cases, prepare_cases
from edgecad_train.evaluation.metrics import auc, confusion, proportion
from edgecad_train.phantoms import write_dataset
from edgecad_train.run import Outcome, Settings, by_patient, train
from edgecad_train.splits.split import split_by_patient
from edgecad_train.training.strategies import STRATEGIES, plan_for

RESULTS = Path(__file__).parent / "results" / "phantom_strategies.json"


def run_cell(data: Path, strategy: str, seed: int, backbone: str, weights: str) -> dict[str, object]:
    """Train one strategy on one seed's phantoms; return its test scores and its time."""
    plan = plan_for(strategy)
    settings = Settings(
        backbone, weights if plan.pretrained else "none", plan, seed=seed, reference="a simulated reader"
    )
    prepared = prepare_cases(find_cases(data).cases, settings.preparation)
    begun = time.monotonic()
    outcome: Outcome = train(prepared, split_by_patient(prepared.cases, seed), settings, f"{strategy}-{seed}")
    truth, scores = by_patient(prepared, outcome.split, "test", outcome.scores)
    return {
        "strategy": strategy,
        "seed": seed,
        "refused": len(prepared.refused),
        "truth": truth.tolist(),
        "scores": [round(float(score), 6) for score in scores],
        "threshold": outcome.contract.decision.threshold,
        "auc": asdict(auc(truth, scores)),
        "seconds": round(time.monotonic() - begun, 1),
        "best_epochs": [history.best + 1 for history in outcome.histories],
    }


def table(cells: list[dict[str, object]]) -> str:
    """Markdown: one line a strategy, seeds apart and pooled."""
    lines = [
        "| strategy (PHANTOM data) | AUC by seed, 95 % DeLong | sensitivity CAD, pooled | specificity CAD, pooled "
        "| accuracy, pooled | seconds a run |",
        "|---|---|---|---|---|---|",
    ]
    for strategy in STRATEGIES:
        own = [cell for cell in cells if cell["strategy"] == strategy]
        areas = ", ".join("{value:.3f} ({low:.3f}-{high:.3f})".format(**cell["auc"]) for cell in own)
        counts = [confusion(np.array(c["truth"]), np.array(c["scores"]), float(c["threshold"])) for c in own]
        tp, fn, tn, fp = (
            sum(getattr(c, name) for c in counts)
            for name in ("true_positive", "false_negative", "true_negative", "false_positive")
        )
        figures = [proportion(tp, tp + fn), proportion(tn, tn + fp), proportion(tp + tn, tp + fn + tn + fp)]
        cited = " | ".join(f"{f.value:.3f} ({f.low:.3f}-{f.high:.3f})" for f in figures)
        seconds = "/".join(f"{c['seconds']:.0f}" for c in own)
        lines.append(f"| {strategy} | {areas} | {cited} | {seconds} |")
    return "\n".join(lines)


def main() -> None:
    """Run all cells and write them as they finish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="imagenet", help="imagenet, or a Keras weights file")
    parser.add_argument("--backbone", default="mobilenetv2")
    parser.add_argument("--patients", type=int, default=218)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    cells: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(arguments.seeds):
            write_dataset(Path(folder) / str(seed), arguments.patients, seed)
        for strategy in STRATEGIES:
            for seed in range(arguments.seeds):
                data = Path(folder) / str(seed)
                cells.append(run_cell(data, strategy, seed, arguments.backbone, arguments.weights))
                print(strategy, seed, cells[-1]["auc"], cells[-1]["seconds"], flush=True)
                arguments.results.parent.mkdir(parents=True, exist_ok=True)
                arguments.results.write_text(json.dumps({"origin": "phantom", "cells": cells}, indent=1))
    print(table(cells))


if __name__ == "__main__":
    main()
