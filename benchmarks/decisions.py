"""What a chosen threshold does on fresh phantoms, and whether warnings stand where they should and nowhere else.

    python benchmarks/decisions.py --weights mobilenetv2.weights.h5 [--runs 10] [--kept edgecad-bench/decisions]

Each run is `edgecad phantom --patients 218 --seed S`, `edgecad train` with all its defaults but `--backbone`,
`--weights` and `--seed S`, and `edgecad evaluate` on 400 fresh phantoms of another seed, which no training saw. Told
are sensitivity and specificity there, by the label that a reader gave and, in brackets, by the truth that was drawn
before reader noise, and the warnings of the run's contract. Then the same held-out scores decide again under `--again`
(default: sensitivity>=0.95), by the function that training uses, without training again; refused or not, it is the
wanted threshold that is judged. Phantoms and runs are kept in `--kept`: a benchmark that was killed goes on. Figures go
to benchmarks/results/decisions_<network>.json with the machine's cores and versions.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from measures.decisions import decisions, lines_of
from measures.machine import machine


def arguments_of() -> argparse.Namespace:
    """Defaults are what is claimed; smaller figures are for trying a benchmark out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("--backbone", default="mobilenetv2")
    option("--weights", default="imagenet", help="none, imagenet or a file")
    option("--runs", type=int, default=10, help="seeds 0, 1, ...")
    option("--patients", type=int, default=218, help="of each run")
    option("--fresh", type=int, default=400, help="phantoms that judge each run")
    option("--again", default="sensitivity>=0.95", help="rule by which the same scores decide again")
    option("--train-options", nargs="*", default=[], help="for trying out: words for edgecad train, without their --")
    option("--kept", type=Path, default=Path("edgecad-bench/decisions"), help="folder of phantoms and runs")
    option("--results", type=Path, default=Path(__file__).resolve().parent / "results", help="folder of what is found")
    return parser.parse_args()


def main() -> None:
    """Measure and keep."""
    arguments = arguments_of()
    found = {"what": "decisions", **decisions(arguments), "machine": machine()}
    arguments.results.mkdir(parents=True, exist_ok=True)
    (arguments.results / f"decisions_{arguments.backbone}.json").write_text(json.dumps(found, indent=1) + "\n")
    for line in lines_of(found):
        print(line)


if __name__ == "__main__":
    main()
