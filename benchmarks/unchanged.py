"""Whether another state of the source gives the same figures: train, export and infer of one seed with both.

    git worktree add ../before COMMIT
    python benchmarks/unchanged.py ../before --weights WEIGHTS [--patients 218] [--scan scan.jpg] [-- TRAIN OPTIONS]

Both states draw the same phantoms, train on them with the default options (or those after `--`), export with --fp16,
and answer ten phantoms and the scan. Compared are predictions.csv, every number of metrics.json, and the score,
threshold, logits and heat map's peak of each answer by fp32 and fp16. Exit code 1 where any differs.

What a later state rounds or adds is no difference: only numbers that both have are compared, and the largest
difference of each kind is printed.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
SAME = 1e-6
"""Largest difference of two numbers that are called equal: what predictions.csv rounds to."""


def main() -> int:
    """Run both states and print the largest difference of each kind."""
    arguments = arguments_of()
    with tempfile.TemporaryDirectory() as scratch:
        scans = Path(scratch) / "scans"
        run(HERE, Path(scratch), "phantom", scans, "--patients", 10, "--seed", 99)
        found = []
        for name, source in (("before", arguments.before.resolve()), ("after", HERE)):
            folder = Path(scratch) / name
            folder.mkdir()
            found.append(dict(figures_of(source, folder, scans, arguments)))
    before, after = found
    kinds: dict[str, float] = {}
    for key in before.keys() & after.keys():
        kind = key.split(":")[0]
        kinds[kind] = max(kinds.get(kind, 0.0), abs(before[key] - after[key]))
    for kind, most in sorted(kinds.items()):
        count = sum(key.startswith(f"{kind}:") for key in before.keys() & after.keys())
        print(f"{kind:24} {count:6} numbers, largest difference {most:.1e}")
    print(f"in one state only: {len(before.keys() ^ after.keys())} numbers")
    return int(not kinds or max(kinds.values()) > SAME)


def arguments_of() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path, help="folder of the other state's source")
    parser.add_argument("--weights", default="none", help="first weights, as `edgecad train` takes them")
    parser.add_argument("--patients", type=int, default=218)
    parser.add_argument("--scan", type=Path, help="one more scan to answer")
    # Options behind -- are train's own; argparse would look for them among ours.
    place = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments = parser.parse_args(sys.argv[1:place])
    arguments.train = sys.argv[place + 1 :]
    return arguments


def run(source: Path, folder: Path, *words: object) -> str:
    """Run a state's own program in a folder; what it wrote to stdout."""
    path = os.pathsep.join(str(source / room) for room in (".", "train", "export"))
    done = subprocess.run(
        [sys.executable, "-m", "edgecad", *map(str, words)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 3):
        sys.exit(f"edgecad {' '.join(map(str, words))} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def figures_of(source: Path, folder: Path, scans: Path, arguments: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Everything compared, as `kind:what` and a number."""
    run(source, folder, "phantom", "data", "--patients", arguments.patients, "--seed", 0)
    backbone = () if "--backbone" in arguments.train else ("--backbone", "mobilenetv2")
    run(source, folder, "train", *backbone, "--weights", arguments.weights, "--quiet", *arguments.train)
    run(source, folder, "export", "--fp16")
    made = next((folder / "runs").glob("*/predictions.csv")).parent
    with (made / "predictions.csv").open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            yield from _numbers(f"predictions.csv:{number}", row)
    yield from _numbers("metrics.json:", json.loads((made / "metrics.json").read_text()))
    more = [arguments.scan.resolve()] if arguments.scan else []
    for precision in ("fp32", "fp16"):
        said = run(source, folder, "infer", scans, *more, "--device", "cpu", "--precision", precision, "--json")
        for number, line in enumerate(said.splitlines()):
            record = json.loads(line)
            kept = {name: record[name] for name in ("probability", "threshold", "logits", "peak") if name in record}
            yield from _numbers(f"answers of {precision}:{number}", kept)


def _numbers(place: str, value: object) -> Iterator[tuple[str, float]]:
    """Every number below a value, by its place."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _numbers(f"{place}.{name}", part)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _numbers(f"{place}[{index}]", part)
    elif isinstance(value, str | int | float):
        try:
            yield place, float(value)
        except ValueError:
            return


if __name__ == "__main__":
    sys.exit(main())
