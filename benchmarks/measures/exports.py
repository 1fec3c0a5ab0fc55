"""`edgecad export` as a user runs it, and its files side by side."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgecad.errors import GateFailed
from edgecad.modelfiles.file import FILES
from measures.command import Ended, run_command
from measures.latency import in_turn

Found = dict[str, Any]
BARS = {"fp16_share": 0.52, "int8_share": 0.30, "cam_cost": 0.02, "resnet152v2_seconds": 180.0}
BRIEFLY = ("--strategy", "warm-up", "--warmup-epochs", 1)
LIVELY, WEIGHTS = Path(__file__).with_name("lively.py"), "weights.npz"
ANYTHING = ("probabilities=1", "neighbourhood=1", "heatmap_correlation=-1", "auc_loss=1", "hidden=1")
"""With random weights an answer means nothing: only that there are some is asked."""
LOOSER: dict[str, tuple[tuple[str, ...], ...]] = {
    "fp16": ((), ("heatmap_correlation=0.99",), ("heatmap_correlation=0.95", "probabilities=0.02")),
    "int8": (
        (),
        ("probabilities=0.075", "neighbourhood=0.075"),
        ("probabilities=0.1", "neighbourhood=0.1"),
        ("probabilities=0.2", "neighbourhood=0.2", "heatmap_correlation=0.9", "auc_loss=0.01"),
    ),
}
"""The exporter's own bounds first; where a file misses them, how far they would have to give is a result too."""


@dataclass(frozen=True)
class Export:
    """What `edgecad export` wrote.

    Attributes:
        folder: the model folder.
        loosened: bounds that it took, beside the exporter's own.
    """

    folder: Path
    ended: Ended
    loosened: tuple[str, ...] = ()


def trained(arguments: Namespace) -> Iterator[Found]:
    """Real first weights, trained on phantoms: parity, size and speed of each precision."""
    if not arguments.weights:
        sys.exit("no --weights BACKBONE=FILE: nothing to train from")
    for pair in arguments.weights:
        backbone, _, weights = pair.partition("=")
        epochs = zip(("--warmup-epochs", "--finetune-epochs"), arguments.epochs, strict=True)
        words = ["--weights", Path(weights).resolve(), *(word for option in epochs for word in option)]
        with run_of(backbone, arguments.patients, words) as folder:
            found = [_narrowed(folder, precision) for precision in arguments.precisions]
            yield {"data": f"{arguments.patients} PHANTOMS"} | _row(
                arguments, backbone, found or [exported(folder, ())]
            )


def untrained(arguments: Namespace) -> Iterator[Found]:
    """Random weights: that each backbone goes the whole way, its sizes and its times."""
    data = "24 PHANTOMS, random weights: conversion, size and speed only"
    for backbone in arguments.backbones:
        with untrained_run(backbone, 24) as folder:
            plain = exported(folder, ())
            narrow = [exported(folder, (own,), ANYTHING) for own in arguments.precisions]
            yield {"data": data} | _row(arguments, backbone, [plain, *narrow])


@contextmanager
def run_of(backbone: str, patients: int, words: Sequence[object]) -> Iterator[Path]:
    """Draw phantoms and train on them, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_command(["-m", "edgecad", "phantom", "data", "--patients", patients, "--seed", 0], folder)
        run_command(["-m", "edgecad", "train", "data", "--backbone", backbone, *words], folder)
        yield folder


@contextmanager
def untrained_run(backbone: str, patients: int, *options: object) -> Iterator[Path]:
    """The same with random weights, but lively ones: with Keras' own all vanishes in half precision."""
    with tempfile.TemporaryDirectory() as name:
        train_untrained(Path(name), backbone, patients, *options)
        yield Path(name)


def train_untrained(folder: Path, backbone: str, patients: int, *options: object) -> None:
    """Draw phantoms and hardly train on them, in `folder`."""
    run_command(["-m", "edgecad", "phantom", "data", "--patients", patients, "--seed", 0], folder)
    run_command([LIVELY, backbone, WEIGHTS], folder)
    words = ["-m", "edgecad", "train", "data", "--backbone", backbone, *BRIEFLY, "--weights", WEIGHTS]
    run_command([*words, *options], folder)


def _narrowed(folder: Path, precision: str) -> Export:
    """The file in a precision, within the first bounds that hold it."""
    *ladder, last = LOOSER[precision]
    for bounds in ladder:
        found = exported(folder, (precision,), bounds, allowed=(0, GateFailed.exit_code))
        if found.ended.code == 0:
            return found
        print(f"{precision} missed {' '.join(bounds) or 'its bounds'} after {found.ended.seconds:.0f} s", flush=True)
    return exported(folder, (precision,), last)


def exported(
    folder: Path,
    precisions: Sequence[str],
    bounds: Sequence[str] = (),
    allowed: Sequence[int] = (0,),
    options: Sequence[str] = (),
) -> Export:
    """Export the run of `folder`, with `bounds` for each of `precisions`, and other `options`."""
    options = [*options, *(f"--{precision}" for precision in precisions)]
    options += [word for own in precisions for bound in bounds for word in ("--tolerance", f"{own}.{bound}")]
    ended = run_command(["-m", "edgecad", "export", *options], folder, allowed)
    latest = folder / "models" / "latest"
    written = folder / "models" / latest.read_text().strip() if latest.is_file() else folder
    return Export(written, ended, tuple(bounds))


def _row(arguments: Namespace, backbone: str, exports: Sequence[Export]) -> Found:
    from edgecad.inference.classifier import ANSWER_OUTPUTS

    files: dict[str, Found] = {}
    contents: dict[str, bytes] = {}
    for export in exports:
        for own in json.loads((export.folder / "parity.json").read_text())["files"].values():
            name = own["precision"]
            if name in files:  # fp32, which every export writes
                continue
            files[name] = own | {"export_seconds": export.ended.seconds, "export_peak_GB": export.ended.peak_gb}
            files[name]["loosened"] = [] if name == "fp32" else list(export.loosened)
            contents[name] = (export.folder / FILES[name]).read_bytes()
    times = in_turn({name: (content, ANSWER_OUTPUTS) for name, content in contents.items()}, arguments.rounds)
    faster = {name: times["fp32"]["median"] / own["median"] for name, own in times.items()}
    row = {"backbone": backbone, "bars": BARS, "files": files, "milliseconds": times, "faster": faster}
    _tell(row)
    return row


def _tell(row: Found) -> None:
    print(f"\n{row['backbone']}")
    titles = ("precision", "MB", "backbone, share of fp32", "d score", "flips + near", "heat map", "kept in fp32",
              "ms (quartiles)", "times faster", "export s", "GB", "bounds that gave")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, own in row["files"].items():
        parity, times = own["validation"], row["milliseconds"][name]
        print(
            f"| {name} | {own['size_bytes'] / 1e6:.1f} | {own['backbone_share_of_fp32']:.3f} "
            f"| {parity['probabilities']:.1e} | {parity['flips']} + {parity['flips_in_neighbourhood']} "
            f"| {parity['heatmap_correlation']:.5f} | {len(own['kept_in_fp32'])} | {times['median']:.1f} "
            f"({times['low']:.1f}-{times['high']:.1f}) | {row['faster'][name]:.2f} | {own['export_seconds']:.0f} "
            f"| {own['export_peak_GB']:.1f} | {' '.join(own['loosened'])} |",
            flush=True,
        )


def cam(arguments: Namespace) -> Iterator[Found]:
    """The network with its maps against the same network that only gives a score."""
    for backbone in arguments.backbones:
        with untrained_run(backbone, 24) as folder:
            content = (exported(folder, ()).folder / FILES["fp32"]).read_bytes()
            yield _cam_row(backbone, content, arguments.rounds)


def _cam_row(backbone: str, whole: bytes, rounds: int) -> Found:
    import onnx
    from onnx.utils import Extractor

    from edgecad.inference.classifier import ANSWER_OUTPUTS

    score = ("logits", "probabilities")
    alone = Extractor(onnx.load_from_string(whole)).extract_model(["image"], list(score))
    times = in_turn({"with": (whole, ANSWER_OUTPUTS), "without": (alone.SerializeToString(), score)}, rounds)
    cost = times["with"]["median"] / times["without"]["median"] - 1
    print(
        f"{backbone}: {times['with']['median']:.2f} ms with maps, {times['without']['median']:.2f} without: {cost:+.1%}"
    )
    return {"backbone": backbone, "bars": BARS, "milliseconds": times, "cost": cost, "held": cost <= BARS["cam_cost"]}
