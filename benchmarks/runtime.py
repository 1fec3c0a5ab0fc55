"""What the runtime costs beside the network: start, overhead of one scan, folders.

    python benchmarks/runtime.py start       `edgecad infer` on one scan against a bare script, whole processes, in turn
    python benchmarks/runtime.py overhead    a warm answer less its network's run, against OpenCV's decoding of the file
    python benchmarks/runtime.py folder      screens a second from a folder against the bare session's
    python benchmarks/runtime.py gpu         CUDA and TensorRT: sameness, time by batch, the floor

Models have random weights unless `--model` names one: time alone is asked. Each figure is written to
benchmarks/results/runtime_<what>.json with the machine's cores and versions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measures.gpu import MOST, gpu
from measures.machine import machine
from measures.runtime import folder, overhead, start

WHAT: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "start": start, "overhead": overhead, "folder": folder, "gpu": gpu,
}  # fmt: skip


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("what", choices=WHAT)
    option("--backbone", help="of the random model; default: mobilenetv2, for folder resnet50v2")
    option("--backbones", nargs="+", default=("mobilenetv2", "resnet50v2", "resnet152v2"), help="for gpu")
    option("--model", type=Path, help="model folder or .onnx file in place of a random one")
    option("--rounds", type=int, default=20, help="whole processes of each kind, for start")
    option("--warm", type=int, default=300, help="warm answers, for overhead")
    option("--screens", type=int, default=500, help="for folder")
    option("--batches", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, MOST], help="images at once, for gpu")
    option("--side", type=int, default=8192, help="rows and columns of the matrices that show a rate, for gpu")
    option("--megabytes", type=int, default=1024, help="of the array that shows a bandwidth, for gpu")
    option("--models", type=Path, default=Path("edgecad-bench"), help="folder where random models are kept, for gpu")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure one thing and keep it."""
    arguments = arguments_of()
    arguments.backbone = arguments.backbone or ("resnet50v2" if arguments.what == "folder" else "mobilenetv2")
    found = {"what": arguments.what, **WHAT[arguments.what](arguments), "machine": machine()}
    arguments.results.mkdir(parents=True, exist_ok=True)
    (arguments.results / f"runtime_{arguments.what}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({key: value for key, value in found.items() if key != "machine"}, indent=1))


if __name__ == "__main__":
    main()
