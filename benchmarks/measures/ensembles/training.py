"""Members of one split, their ensemble, and what each says of fresh phantoms; made only where something is missing."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from measures.command import EDGECAD, run_command, weights_word, words_of_options
from measures.decisions.runs import FRESH_SEED, draw_phantoms
from measures.ensembles.options import EnsembleOptions

MEMBER_SEED = 1000
"""Added to a split's seed once more for each further member."""


@dataclass(frozen=True)
class JudgedSplit:
    """What all models of a split said of the fresh phantoms that each of them answered.

    Attributes:
        names: of the phantoms.
        truth: by label, `(n,)`.
        members, ensemble: P(CAD), `(members, n)` and `(n,)`.
    """

    names: tuple[str, ...]
    truth: NDArray[np.bool_]
    members: NDArray[np.float64]
    ensemble: NDArray[np.float64]


@dataclass(frozen=True)
class SplitPlace:
    """The folder of a split: `data`, `fresh`, `member-0/runs`, ..., `models` of all, and `judged-NAME`."""

    folder: Path
    options: EnsembleOptions

    @property
    def names(self) -> tuple[str, ...]:
        """Of the members' folders."""
        return tuple(f"member-{number}" for number in range(self.options.members))

    def run(self, name: str) -> Path:
        """The run folder of a member, or of the `ensemble`, beside its first member."""
        if name == "ensemble":
            (found,) = (self.folder / "member-0" / "runs").glob("*-ensemble-of-*")
            return found
        runs = self.folder / name / "runs"
        return runs / (runs / "latest").read_text().strip()

    def model(self, name: str) -> Path:
        """The model folder of a member or of the `ensemble`."""
        models = self.folder / "models" / name
        return models / (models / "latest").read_text().strip()


def trained_split(seed: int, options: EnsembleOptions) -> SplitPlace:
    """Draw, train and export what is missing of a split."""
    kind = "-".join((options.backbone, str(options.patients), *options.train_options[1::2]))
    place = SplitPlace(options.kept.absolute() / kind / f"split-{seed}", options)
    draw_phantoms(place.folder, "data", options.patients, seed)
    draw_phantoms(place.folder, "fresh", options.fresh, FRESH_SEED + seed)
    for number, name in enumerate(place.names):
        if not (place.folder / name / "runs" / "latest").is_file():
            _train(place, number, seed)
    # Members are exported for what their files cost, which one split tells; the ensemble's export also makes its run.
    for name in ("ensemble", *(() if seed else place.names)):
        if not (place.folder / "models" / name / "latest").is_file():
            _export(place, name, int8=not seed)
    for name in ("ensemble", *place.names):
        if not (place.folder / f"judged-{name}" / "predictions.csv").is_file():
            shutil.rmtree(place.folder / f"judged-{name}", ignore_errors=True)
            words = ("evaluate", place.run(name), "fresh", "--out", f"judged-{name}", "--quiet")
            run_command([*EDGECAD, *words], place.folder)
    return place


def judged(place: SplitPlace) -> JudgedSplit:
    """Read what all models of a split said; phantoms that one of them refused are left out."""
    said = [_said(place.folder / f"judged-{name}" / "predictions.csv") for name in ("ensemble", *place.names)]
    names = tuple(sorted(set.intersection(*(set(own) for own in said))))
    scores = np.array([[own[name][1] for name in names] for own in said])
    return JudgedSplit(names, np.array([said[0][name][0] == "CAD" for name in names]), scores[1:], scores[0])


def _train(place: SplitPlace, number: int, seed: int) -> None:
    options, folder = place.options, place.folder / place.names[number]
    shutil.rmtree(folder / "runs", ignore_errors=True)
    folder.mkdir(exist_ok=True)
    words = ["train", "../data", "--backbone", options.backbone, "--weights", weights_word(options.weights), "--quiet"]
    words += ["--seed", str(seed + MEMBER_SEED * number), *_own_options(options.train_options, number)]
    words += ["--split", str(place.run("member-0") / "split.json")] if number else ["--protocol", "folds"]
    run_command([*EDGECAD, *words], folder)


def _own_options(told: Sequence[str], number: int) -> list[str]:
    """Options of one member; the split that it is given says itself how many folds there are."""
    pairs = zip(told[::2], told[1::2], strict=True)
    return words_of_options([word for pair in pairs if not (number and pair[0] == "folds") for word in pair])


def _export(place: SplitPlace, name: str, int8: bool) -> None:
    words: list[object] = ["export", *(["--int8"] if int8 else []), "--out", f"models/{name}"]
    if name == "ensemble":
        for left in (place.folder / "member-0" / "runs").glob("*-ensemble-of-*"):
            shutil.rmtree(left)  # of an export that was killed
        words += ["--ensemble", *(place.run(own) for own in place.names)]
    else:
        words.append(place.run(name))
    # 5: the int8 file does not hold, and fp32 is there.
    run_command([*EDGECAD, *words], place.folder, allowed=(0, 5))


def _said(path: Path) -> dict[str, tuple[str, float]]:
    """Label and score of each patient."""
    with path.open(newline="", encoding="utf-8") as file:
        return {line["patient"]: (line["label"], float(line["score_cad"])) for line in csv.DictReader(file)}
