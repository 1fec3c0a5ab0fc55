"""What an answer costs, side by side with what a user could have taken instead.

    python benchmarks/inference.py networks       one image through every engine: ours, onnxruntime, OpenVINO, ...
    python benchmarks/inference.py explanation    score and heat map, against Grad-CAM and against the score alone
    python benchmarks/inference.py cold           one scan in whole processes, against a Keras script
    python benchmarks/inference.py folder         screens a second, against a Keras pipeline

Each engine has a process of its own (benchmarks/peer.py), and all take turns on the same model, images and threads.
What they answer is compared as well: nobody is fast by being wrong. An engine that is not installed (extra `bench`)
has a line that says so. Models have random weights, and are made once, in `--models`. Each network's figures are
written as soon as they are there, to benchmarks/results/inference_<what>_<network>.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measures.cold import cold
from measures.explanation import explanation
from measures.folders import folder
from measures.kept import NETWORKS
from measures.machine import machine, versions_of
from measures.networks import NETWORKS_PEERS, networks
from measures.peers.with_keras import BATCHES

WHAT: dict[str, Callable[[argparse.Namespace, str], dict[str, Any]]] = {
    "networks": networks, "explanation": explanation, "cold": cold, "folder": folder,
}  # fmt: skip
PEERS = ("onnx", "onnxruntime", "openvino", "nncf", "ai-edge-litert")
"""Packages whose versions the figures depend on, beside those that `machine` tells."""


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("what", choices=WHAT)
    option("--backbones", nargs="+", default=NETWORKS, metavar="NAME")
    option("--models", type=Path, default=Path("edgecad-bench"), help="folder of models that are made once")
    option("--peers", nargs="+", choices=NETWORKS_PEERS, metavar="NAME", help="for networks; default: all")
    option("--turns", type=int, default=20, help="for networks and explanation")
    option("--runs", type=int, default=10, help="images of each turn that count, for networks and explanation")
    option("--rounds", type=int, default=10, help="whole processes of each kind, for cold")
    option("--screens", type=int, default=500, help="for folder")
    option(
        "--batches", type=int, nargs="+", choices=BATCHES, default=BATCHES, help="that Keras is tried at, for folder"
    )
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure one thing of each network, and keep it."""
    arguments = arguments_of()
    arguments.results.mkdir(parents=True, exist_ok=True)
    for backbone in arguments.backbones:
        found = WHAT[arguments.what](arguments, backbone)
        kept = {"what": arguments.what, **found, "machine": machine(), "peer_versions": versions_of(PEERS)}
        file = arguments.results / f"inference_{arguments.what}_{backbone}.json"
        file.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
