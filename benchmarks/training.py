"""How fast training is against plain Keras, and that it is the same training.

    python benchmarks/training.py same     [--backbone resnet152v2]    losses of both, epoch by epoch
    python benchmarks/training.py speed    [--backbone resnet152v2]    S6, the whole command, against `fit` of the graph
    python benchmarks/training.py search                               head search, configurations a minute
    python benchmarks/training.py memory   [--images 10000]            the most resident memory of the whole command
    python benchmarks/training.py growth                               seconds by images and by epochs, with slopes

Pictures are smooth and random, one class darker above: only time, memory and sameness are asked. `speed`, `memory`
and `growth` run `edgecad train` itself in a process of its own, from its start to its exit. Each figure is written to
benchmarks/results/training_<what>_<network>.json with the machine's cores and versions. Plain Keras runs for a few
epochs a stage, after one that compiles, in a process of its own (`plain`), and is multiplied by the number of epochs;
nothing else is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measures.capacity import growth, memory, search
from measures.machine import machine
from measures.same import STAGES, same
from measures.speed import plain, speed

WHAT: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "same": same, "speed": speed, "plain": plain, "search": search, "memory": memory, "growth": growth,
}  # fmt: skip


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("what", choices=WHAT)
    option("--backbone", default="resnet152v2")
    option("--weights", default="none", help="none, imagenet or a file")
    option("--train", type=int, default=174, help="scans to learn from, for same, speed, plain and search")
    option("--held", type=int, default=44, help="scans that judge each epoch, for same, speed and plain")
    option("--test", type=int, default=4, help="scans of the test part, for speed, memory and growth")
    option("--epochs", type=int, default=12, help="of each stage, for same")
    option("--warmup-epochs", type=int, default=100, help="for speed; for search, the most of a configuration")
    option("--finetune-epochs", type=int, default=30, help="for speed")
    option("--repeats", type=int, default=1, help="whole runs, for speed")
    option("--plain-epochs", type=int, default=3, help="timed at a turn, after one that compiles, for speed and plain")
    option("--stage", choices=STAGES, default=STAGES[0], help="for plain")
    option("--trials", type=int, default=200, help="for search")
    option("--images", type=int, default=10_000, help="for memory")
    option("--counts", type=int, nargs="+", default=[60, 120, 240, 480, 960], help="images, for growth")
    option("--epoch-counts", type=int, nargs="+", default=[10, 20, 40, 80, 160], help="of each stage, for growth")
    option("--epoch-images", type=int, default=240, help="images for growth by epochs")
    option("--scratch", type=Path, default=None, help="folder for large files; default: the system's own")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure one thing and keep it."""
    arguments = arguments_of()
    found = {"what": arguments.what, **WHAT[arguments.what](arguments), "machine": machine()}
    arguments.results.mkdir(parents=True, exist_ok=True)
    suffix = "" if arguments.what in ("search", "growth") else f"_{arguments.backbone}"
    (arguments.results / f"training_{arguments.what}{suffix}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({key: value for key, value in found.items() if key not in ("rows", "machine")}, indent=1))


if __name__ == "__main__":
    main()
