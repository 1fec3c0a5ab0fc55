"""Runs on phantoms, each in a folder that is kept: drawn, trained and judged only where something is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

from measures.command import EDGECAD, run_command, weights_word, words_of_options
from measures.decisions.options import DecisionOptions, PhantomRuns

FRESH_SEED = 10_000
"""Added to a run's seed for the phantoms that judge it."""


def trained_run(seed: int, runs: PhantomRuns, *options: str) -> Path:
    """The folder of a seed with `data` and `runs/latest`, each made if need be.

    Args:
        options: of `edgecad train`, each with its value; they name the folder as well.
    """
    kind = "-".join((runs.backbone, str(runs.patients), *options[1::2]))
    place = runs.kept.absolute() / kind / f"seed-{seed}"
    draw_phantoms(place, "data", runs.patients, seed)
    if not (place / "runs" / "latest").is_file():
        shutil.rmtree(place / "runs", ignore_errors=True)
        words = [*EDGECAD, "train", "data", "--backbone", runs.backbone, "--weights", weights_word(runs.weights)]
        run_command([*words, "--seed", seed, "--quiet", *options, *words_of_options(runs.train_options)], place)
    return place


def judged_run(seed: int, options: DecisionOptions) -> Path:
    """The folder of a seed with `fresh` and `judged` as well."""
    place = trained_run(seed, options)
    draw_phantoms(place, "fresh", options.fresh, FRESH_SEED + seed)
    if not (place / "judged" / "predictions.csv").is_file():
        shutil.rmtree(place / "judged", ignore_errors=True)
        run_command([*EDGECAD, "evaluate", "runs/latest", "fresh", "--out", "judged", "--quiet"], place)
    return place


def draw_phantoms(place: Path, name: str, count: int, seed: int, *options: str) -> None:
    """Have a data folder of phantoms in `place`.

    Args:
        options: more words of `edgecad phantom`.
    """
    place.mkdir(parents=True, exist_ok=True)
    if not (place / name / "labels.csv").is_file():
        shutil.rmtree(place / name, ignore_errors=True)  # what a kill left of it
        run_command([*EDGECAD, "phantom", name, "--patients", count, "--seed", seed, "--quiet", *options], place)


def run_in(place: Path) -> Path:
    """The run folder of what `trained_run` made."""
    return place / "runs" / (place / "runs" / "latest").read_text().strip()
