"""Options of the benchmarks of answers, beside what a user could have taken instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.models.kept import NETWORKS
from measures.peers.with_keras import BATCHES
from measures.program import Options, option

OURS = "EdgeCAD fp32"
PROVEN = ("EdgeCAD int8", "EdgeCAD on OpenVINO fp32", "EdgeCAD on OpenVINO bf16", "EdgeCAD on OpenVINO int8")
"""What `auto` may take on a processor beside our fp32; each opens only if it answers the golden samples."""
NNCF = "OpenVINO int8, its own"
NETWORKS_PEERS = (
    OURS, "EdgeCAD fp16", *PROVEN, "onnxruntime fp32", "OpenVINO fp32", "OpenVINO bf16", NNCF, "OpenVINO on our int8",
    "LiteRT fp32", "Keras predict", "TF function", "TF with XLA",
)  # fmt: skip


EXPLAINED, FOLDERS = ("mobilenetv2", "resnet152v2"), ("mobilenetv2", "resnet50v2", "resnet152v2")


@dataclass(frozen=True, kw_only=True)
class InferenceOptions(Options):
    """Of `benchmarks/inference.py`."""

    what: Literal["networks", "auto", "explanation", "cold", "folder", "models"]
    backbones: tuple[str, ...] = option(
        (), f"default: {' '.join(NETWORKS)}; for explanation {' '.join(EXPLAINED)}, for folder {' '.join(FOLDERS)}",
        metavar="NAME",
    )  # fmt: skip
    models: Path = option(Path("edgecad-bench"), "folder of models that are made once")
    peers: tuple[str, ...] = option(
        NETWORKS_PEERS, "for networks and auto; default: all", choices=NETWORKS_PEERS, metavar="NAME"
    )
    turns: int = option(10, "for networks and explanation; auto takes twice as many")
    runs: int = option(5, "images of each turn that count, for networks and explanation; auto takes four times as many")
    rounds: int = option(3, "whole processes of each kind, for cold")
    screens: int = option(200, "for folder")
    bench_precision: str = option("all", "that edgecad bench --save measures, for auto")
    bench_runs: int = option(30, "answers of each configuration in edgecad bench --save, for auto")
    batches: tuple[int, ...] = option(BATCHES, "that Keras is tried at, for folder", choices=BATCHES)

    @property
    def networks(self) -> tuple[str, ...]:
        """Those that were named, or what is claimed."""
        return self.backbones or {"explanation": EXPLAINED, "folder": FOLDERS}.get(self.what, NETWORKS)
