"""`edgecad export` as a user runs it, and its files side by side."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measures.command import run_command
from measures.latency import in_turn

Found = dict[str, Any]
BARS = {"fp16_share": 0.52, "int8_share": 0.30, "cam_cost": 0.02, "resnet152v2_seconds": 180.0}
FILES = {"model.onnx": "fp32", "model.fp16.onnx": "fp16", "model.int8.onnx": "int8"}
# With random weights an answer means nothing: only that there are some is asked.
ANYTHING = ("probabilities=1", "neighbourhood=1", "heatmap_correlation=-1", "auc_loss=1")


def trained(arguments: Namespace) -> Found:
    """Real first weights, trained on phantoms: parity, size and speed of each precision."""
    rows = []
    for pair in arguments.weights:
        backbone, _, weights = pair.partition("=")
        epochs = zip(("--warmup-epochs", "--finetune-epochs"), arguments.epochs, strict=True)
        words = ["--weights", Path(weights).resolve(), *(word for option in epochs for word in option)]
        with _exported(arguments, backbone, arguments.patients, words, ()) as found:
            rows.append(_row(arguments, backbone, *found))
    if not rows:
        sys.exit("no --weights BACKBONE=FILE: nothing to train from")
    return {"data": f"{arguments.patients} PHANTOMS", "bars": BARS, "rows": rows}


def untrained(arguments: Namespace) -> Found:
    """Random weights: that each backbone goes the whole way, its sizes and its times."""
    loose = [word for precision in arguments.precisions for value in ANYTHING
             for word in ("--tolerance", f"{precision}.{value}")]  # fmt: skip
    words = ["--strategy", "warm-up", "--warmup-epochs", 1, "--weights", "none"]
    rows = []
    for backbone in arguments.backbones:
        with _exported(arguments, backbone, 24, words, loose) as found:
            rows.append(_row(arguments, backbone, *found))
    return {"data": "24 PHANTOMS, random weights: conversion, size and speed only", "bars": BARS, "rows": rows}


@contextmanager
def _exported(
    arguments: Namespace, backbone: str, patients: int, training: Sequence[object], exporting: Sequence[object]
) -> Iterator[tuple[Path, float]]:
    """Draw, train and export in a folder of its own: the model folder, and the seconds of the export alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_command(["-m", "edgecad", "phantom", "data", "--patients", patients, "--seed", 0], folder)
        run_command(["-m", "edgecad", "train", "data", "--backbone", backbone, *training], folder)
        precisions = [f"--{precision}" for precision in arguments.precisions]
        ended = run_command(["-m", "edgecad", "export", *precisions, *exporting], folder)
        yield folder / "models" / (folder / "models/latest").read_text().strip(), ended.seconds


def _row(arguments: Namespace, backbone: str, folder: Path, seconds: float) -> Found:
    from edgecad.classifier import ANSWER_OUTPUTS

    parity = json.loads((folder / "parity.json").read_text())["files"]
    there = {own: (folder / name).read_bytes() for name, own in FILES.items() if (folder / name).is_file()}
    times = in_turn({name: (content, ANSWER_OUTPUTS) for name, content in there.items()}, arguments.rounds)
    faster = {name: times["fp32"]["median"] / own["median"] for name, own in times.items()}
    row = {"backbone": backbone, "export_seconds": seconds, "files": parity, "milliseconds": times, "faster": faster}
    _tell(row)
    return row


def _tell(row: Found) -> None:
    print(f"\n{row['backbone']}: export took {row['export_seconds']:.0f} s, start to exit")
    titles = ("precision", "MB", "backbone, share of fp32", "d score", "flips + near", "heat map", "kept in fp32",
              "ms (quartiles)", "times faster")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, own in row["files"].items():
        parity, times = own["validation"], row["milliseconds"][FILES[name]]
        print(
            f"| {own['precision']} | {own['size_bytes'] / 1e6:.1f} | {own['backbone_share_of_fp32']:.3f} "
            f"| {parity['probabilities']:.1e} | {parity['flips']} + {parity['flips_in_neighbourhood']} "
            f"| {parity['heatmap_correlation']:.5f} | {len(own['kept_in_fp32'])} | {times['median']:.1f} "
            f"({times['low']:.1f}-{times['high']:.1f}) | {row['faster'][FILES[name]]:.2f} |",
            flush=True,
        )


def cam(arguments: Namespace) -> Found:
    """The network with its maps against the same network that only gives a score."""
    rows = []
    for backbone in arguments.backbones:
        words = ["--strategy", "warm-up", "--warmup-epochs", 1, "--weights", "none"]
        with _exported(Namespace(precisions=()), backbone, 24, words, ()) as (folder, _):
            rows.append(_cam_row(backbone, (folder / "model.onnx").read_bytes(), arguments.rounds))
    return {"bars": BARS, "rows": rows}


def _cam_row(backbone: str, whole: bytes, rounds: int) -> Found:
    import onnx
    from onnx.utils import Extractor

    from edgecad.classifier import ANSWER_OUTPUTS

    score = ("logits", "probabilities")
    alone = Extractor(onnx.load_from_string(whole)).extract_model(["image"], list(score))
    times = in_turn({"with": (whole, ANSWER_OUTPUTS), "without": (alone.SerializeToString(), score)}, rounds)
    cost = times["with"]["median"] / times["without"]["median"] - 1
    print(
        f"{backbone}: {times['with']['median']:.2f} ms with maps, {times['without']['median']:.2f} without: {cost:+.1%}"
    )
    return {"backbone": backbone, "milliseconds": times, "cost": cost, "held": cost <= BARS["cam_cost"]}
