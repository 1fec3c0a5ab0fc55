"""EdgeCAD under MLPerf's LoadGen, which decides when a screen comes, takes the time and judges whether the test counts.

    python benchmarks/scenarios.py [--backbone resnet152v2] [--precision fp32|int8|auto] [--scenarios SingleStream ...]

What is asked for is a whole answer: the bytes of a JPEG of 1640 x 1068 (a PHANTOM) in, decoding, gate, network and heat
map, score out. SingleStream has one scan at a time on all threads. Offline and Server have a scan a core, as `edgecad
infer FOLDER` has. Server's rate is the first share of the Offline rate, measured just before, at which LoadGen finds
the test valid: `--percentile` of the answers within `--bound` milliseconds.

These are LoadGen's rules with queries and seconds of our own (`--queries`, `--seconds`), not MLPerf submissions. A
scenario that LoadGen does not call VALID, or whose answers differ from those before the test, ends the program with
exit code 1 and LoadGen's reason. Figures go to benchmarks/results/scenarios_<precision>_<backbone>.json with the
machine's cores and versions. Needs `pip install '.[bench]'`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

from measures.loadgen import OFFLINE, SERVER, SINGLE
from measures.machine import machine
from measures.scenarios import scenarios


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("--backbone", default="mobilenetv2")
    option("--precision", choices=("fp32", "int8", "auto"), default="auto")
    option("--scenarios", nargs="+", choices=(SINGLE, OFFLINE, SERVER), default=[SINGLE, OFFLINE, SERVER])
    option("--seconds", type=float, default=60.0, help="that each scenario lasts at least")
    option("--queries", type=int, default=1000, help="that each scenario has at least; 662 give a p99")
    option("--screens", type=int, default=24, help="in memory, drawn from")
    option("--bound", type=float, default=500.0, help="milliseconds, of an answer in Server")
    option("--percentile", type=float, default=0.99, help="share of the answers of Server that must come within it")
    option("--shares", type=float, nargs="+", default=[0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4], help="of the Offline rate")
    option("--model", type=Path, help="model folder or .onnx file in place of a random one")
    option("--models", type=Path, default=Path("edgecad-bench"), help="folder where random models are kept")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Run the scenarios, keep what was found, and fail if LoadGen did not find it valid."""
    arguments = arguments_of()
    if importlib.util.find_spec("mlperf_loadgen") is None:
        sys.exit("LoadGen is not installed: pip install '.[bench]'")
    found = {"what": "scenarios", **scenarios(arguments), "machine": machine()}
    arguments.results.mkdir(parents=True, exist_ok=True)
    file = arguments.results / f"scenarios_{arguments.precision}_{arguments.backbone}.json"
    file.write_text(json.dumps(found, indent=1) + "\n")
    if found["refused"]:
        sys.exit("\n".join(f"{name}: {reason}" for name, reason in found["refused"].items()))


if __name__ == "__main__":
    main()
