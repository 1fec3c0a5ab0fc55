"""Options of the benchmarks of answers, beside what a user could have taken instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from measures.models.kept import NETWORKS
from measures.peers.with_keras import BATCHES
from measures.program import Options, option

OURS = "EdgeCAD fp32"
NETWORKS_PEERS = (
    OURS, "EdgeCAD fp16", "EdgeCAD int8", "onnxruntime fp32", "OpenVINO fp32", "OpenVINO bf16",
    "OpenVINO int8, its own", "OpenVINO on our int8", "LiteRT fp32", "Keras predict", "TF function", "TF with XLA",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InferenceOptions(Options):
    """Of `benchmarks/inference.py`."""

    what: Literal["networks", "explanation", "cold", "folder"]
    backbones: tuple[str, ...] = option(NETWORKS, "networks", metavar="NAME")
    models: Path = option(Path("edgecad-bench"), "folder of models that are made once")
    peers: tuple[str, ...] = option(
        NETWORKS_PEERS, "for networks; default: all", choices=NETWORKS_PEERS, metavar="NAME"
    )
    turns: int = option(20, "for networks and explanation")
    runs: int = option(10, "images of each turn that count, for networks and explanation")
    rounds: int = option(10, "whole processes of each kind, for cold")
    screens: int = option(500, "for folder")
    batches: tuple[int, ...] = option(BATCHES, "that Keras is tried at, for folder", choices=BATCHES)
