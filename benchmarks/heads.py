"""What the activation of the head's hidden layer does: to the heat map in fp16, and to accuracy.

    python benchmarks/heads.py lines --weights FILE [--backbone mobilenetv2] [--runs 5] [--scan scan.jpg]
    python benchmarks/heads.py activations --weights FILE [--runs 5]

`lines` is the user's own way, a run a seed and activation: `edgecad phantom`, `train --backbone --weights --seed`,
`export --fp16`, `infer SCAN`. Told are exit codes, what was kept, and how far the fp16 file's maps, with every rounding
to half in place, are from the trained model's: as they are, and for ReLU under the file's own switches as well. Runs
are kept in `--kept`, and those of `decisions.py` are used again.

`activations` runs `edgecad study` with S4 and S6 for each activation, on the same splits, and gives the paired
difference of the mean test AUC with its interval by patient. Patients are drawn PHANTOMS in both.
Figures go to benchmarks/results/heads_<what>_<network>.json with the machine's cores and versions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measures.heads import activations, lines
from measures.machine import machine

WHAT: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {"lines": lines, "activations": activations}


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("what", choices=WHAT)
    option("--backbone", default="mobilenetv2")
    option("--weights", default="imagenet", help="none, imagenet or a file")
    option("--activations", nargs="+", default=["silu", "relu"], help="the first is compared with the second")
    option("--runs", type=int, default=5, help="seeds 0, 1, ...")
    option("--patients", type=int, default=218, help="phantoms of each run")
    option("--scan", type=Path, default=None, help="for lines; default: the first phantom")
    option("--train-options", nargs="*", default=[], help="for trying out: words for edgecad train, without their --")
    option("--kept", type=Path, default=Path("edgecad-bench/decisions"), help="folder of phantoms, runs and studies")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure one thing and keep it."""
    arguments = arguments_of()
    found = {"what": arguments.what, **WHAT[arguments.what](arguments), "machine": machine()}
    arguments.results.mkdir(parents=True, exist_ok=True)
    file = arguments.results / f"heads_{arguments.what}_{arguments.backbone}.json"
    file.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
