"""What an exported file is: how near to the Keras model, how small, how fast; and what its heat map costs.

    python benchmarks/export.py trained --weights mobilenetv2=FILE resnet50v2=FILE    heads trained on PHANTOMS
    python benchmarks/export.py untrained [--backbones vgg16 ...]       random weights: conversion, size, speed only
    python benchmarks/export.py cam [--backbones mobilenetv2 ...]       the network with its maps against without

`trained` and `untrained` run `edgecad phantom`, `train` and `export` as a user types them, and read parity.json. A file
that misses the exporter's bounds is tried again with looser ones, and the table says which. Files are then timed in
turn, a few images at a time, in one process; medians with quartiles. Each network's figures are written as soon as they
are there, to benchmarks/results/export_<what>_<network>.json, with the machine's cores and versions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from measures.exports import cam, trained, untrained
from measures.machine import machine

WHAT: dict[str, Callable[[argparse.Namespace], Iterator[dict[str, Any]]]] = {
    "trained": trained, "untrained": untrained, "cam": cam,
}  # fmt: skip
UNTRAINED = ("resnet152v2", "efficientnetb0", "densenet121", "vgg16", "inceptionv3", "xception")


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("what", choices=WHAT)
    option("--weights", nargs="+", default=[], metavar="BACKBONE=FILE", help="for trained")
    option("--backbones", nargs="+", default=UNTRAINED, help="for untrained and cam")
    option("--precisions", nargs="*", default=["fp16", "int8"], help="beside fp32, for trained and untrained")
    option("--patients", type=int, default=218, help="phantoms, for trained")
    option("--epochs", type=int, nargs=2, default=[100, 30], help="of warm-up and fine-tuning, for trained")
    option("--rounds", type=int, default=200, help="images through each file that count")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure one thing of each network, and keep it."""
    arguments = arguments_of()
    arguments.results.mkdir(parents=True, exist_ok=True)
    for found in WHAT[arguments.what](arguments):
        kept = {"what": arguments.what, **found, "machine": machine()}
        file = arguments.results / f"export_{arguments.what}_{found['backbone']}.json"
        file.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
