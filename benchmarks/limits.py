"""How near networks come to what this machine can do, and how their time grows.

    python benchmarks/limits.py limit  [--backbones resnet152v2 ...]    floors from measured rates, beside medians
    python benchmarks/limits.py growth [--backbones mobilenetv2 ...]    by images at once, threads and input size

`limit` measures in turn, in one process and on all threads that are ours: products of matrices and a convolution in
fp32 and in 8 bits, reading and copying memory, and the network's fp32 and int8 file, one image at a time. Operations
are multiply-adds x 2, counted in the fp32 file's graph. The floor that the bar is about is the one by node: for each
Conv, Gemm and MatMul the longer of its operations at the best rate and its bytes (weights, activations read and
written) at the best bandwidth, summed; what stands between counts nothing. The other floors are told beside it
(measures/operations.py says what each is). A share is floor / measured: 1 is the floor itself. The bar: int8 of
ResNet152V2 at 0.6.

`growth` fits straight lines, or powers: then the slope is that of the logarithms of both. Inputs of other sizes run the
same weights in a graph whose sizes are rewritten. It draws benchmarks/pictures/inference_growth.png.

Models have random weights: time alone is asked. Figures go to benchmarks/results/limits_limit_<network>.json and
limits_growth.json with the machine's cores and versions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measures.floors import limit
from measures.growing import growth
from measures.kept import NETWORKS
from measures.machine import machine

GROWN = ("mobilenetv2", "resnet50v2")


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("what", choices=("limit", "growth"))
    option("--backbones", nargs="+", help=f"default: {' '.join(NETWORKS)}, for growth {' '.join(GROWN)}")
    option("--rounds", type=int, default=20, help="turns through everything that is timed")
    option("--repeats", type=int, default=5, help="times in each turn, after one that does not count")
    option("--side", type=int, default=2048, help="rows and columns of the matrices, for limit")
    option("--megabytes", type=int, default=512, help="of each array that is read or copied, for limit")
    option("--precision", choices=("fp32", "int8"), default="int8", help="for growth")
    option("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 12, 16], help="images at once, for growth")
    option("--sizes", type=int, nargs="+", default=[96, 128, 160, 192, 224, 256, 288, 320], help="pixels, for growth")
    option("--models", type=Path, default=Path("edgecad-bench"), help="folder where random models are kept")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure one thing, of each network, and keep it as soon as it is there."""
    arguments = arguments_of()
    arguments.backbones = arguments.backbones or (NETWORKS if arguments.what == "limit" else GROWN)
    arguments.results.mkdir(parents=True, exist_ok=True)
    for name, found in _measured(arguments):
        kept = {"what": arguments.what, **found, "machine": machine()}
        (arguments.results / f"limits_{name}.json").write_text(json.dumps(kept, indent=1) + "\n")


def _measured(arguments: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    if arguments.what == "growth":
        yield "growth", growth(arguments)
        return
    for found in limit(arguments):
        yield f"limit_{found['backbone']}", found


if __name__ == "__main__":
    main()
