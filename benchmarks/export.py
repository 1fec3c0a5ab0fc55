"""What an exported file is: how near to the Keras model, how small, how fast; and what its heat map costs.

    python benchmarks/export.py trained --weights mobilenetv2=FILE resnet50v2=FILE    heads trained on PHANTOMS
    python benchmarks/export.py untrained [--backbones vgg16 ...]       random weights: conversion, size, speed only
    python benchmarks/export.py int8 [--weights ...] [--runs RUN ...]   whether int8 holds, how much of it, how fast
    python benchmarks/export.py cam [--backbones mobilenetv2 ...]       the network with its maps against without

`trained` and `untrained` run `edgecad phantom`, `train` and `export` as a user types them, and read parity.json. A file
that misses the exporter's bounds is tried again with looser ones, and the table says which. Files are then timed in
turn, a few images at a time, in one process; medians with quartiles.

`int8` keeps to the exporter's bounds. It trains heads on real first weights or on random ones (--weights NAME=FILE,
NAME=lively), takes runs that lie there (--runs), or else networks that were hardly trained, whose parity says nothing
of others. Several --inputs and --seeds are as many trainings. Files that hold are also compared with fp32 on phantoms
that neither training, nor the fit, nor the gate has seen.

Each network's figures are written as soon as they are there, to benchmarks/results/export_<what>_<network>.json, with
the machine's cores and versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from measures.export.cam import CamRow, cam
from measures.export.int8 import Int8Row, int8
from measures.export.options import ExportOptions
from measures.export.parity import FilesRow, trained, untrained
from measures.program import keep, read_options

WHAT: dict[str, Callable[[ExportOptions], Iterator[FilesRow | CamRow | Int8Row]]] = {
    "trained": trained, "untrained": untrained, "cam": cam, "int8": int8,
}  # fmt: skip


def main() -> None:
    """Measure one thing of each network, and keep it."""
    options = read_options(ExportOptions, __doc__)
    for found in WHAT[options.what](options):
        keep(options, f"export_{options.what}_{found.backbone}", options.what, found)


if __name__ == "__main__":
    main()
