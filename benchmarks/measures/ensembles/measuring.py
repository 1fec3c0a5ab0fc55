"""Ensembles less their members, paired on the same phantoms, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.modelfiles.file import FILES
from measures.ensembles.options import EnsembleOptions
from measures.ensembles.training import JudgedSplit, SplitPlace, judged, trained_split
from measures.latency import in_turn
from measures.quartiles import Quartiles

Interval = tuple[float, float, float]
"""A value, and the ends of its 95 % interval."""
PHANTOMS = "PHANTOMS, whose label is drawn from the deficit: they cannot rank systems"


class SplitRow(msgspec.Struct, frozen=True):
    """One split: areas under the ROC curve on its fresh phantoms, and the ensemble's less each member's, paired."""

    split: int
    patients: int
    ensemble: float
    members: tuple[float, ...]
    less_each: tuple[Interval, ...]

    def words(self) -> str:
        """One line."""
        members = ", ".join(f"{area:.3f}" for area in self.members)
        less = ", ".join(f"{value:+.3f} ({low:+.3f} to {high:+.3f})" for value, low, high in self.less_each)
        return (
            f"split {self.split}, {self.patients} fresh: ensemble {self.ensemble:.3f}; members {members}; less {less}"
        )


class FileCost(msgspec.Struct, frozen=True):
    """One file: bytes, and milliseconds of an image through the network with all that an answer is made of."""

    model: str
    precision: str
    size: int
    milliseconds: Quartiles

    def words(self) -> str:
        """One line."""
        return f"{self.model} {self.precision}: {self.size / 1e6:.2f} MB, {self.milliseconds.words()} ms"


class EnsemblesFound(msgspec.Struct, frozen=True):
    """All splits, and the cost of the first one's files.

    Attributes:
        auc: mean areas of the ensembles and of all members, and their difference, with the patient as the unit.
    """

    backbone: str
    data: str
    patients: int
    splits: tuple[SplitRow, ...]
    auc: dict[str, Interval]
    cost: tuple[FileCost, ...]

    def words(self) -> Iterator[str]:
        """The sums, for people."""
        for name, (value, low, high) in self.auc.items():
            sign = "+" if name == "difference" else ""
            yield f"{name}: {value:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"
        yield from (row.words() for row in self.cost)
        yield self.data


def ensembles(options: EnsembleOptions) -> EnsemblesFound:
    """Train, join, export and judge every split."""
    rows, answers, cost = list[SplitRow](), list[JudgedSplit](), tuple[FileCost, ...]()
    for seed in range(options.runs):
        place = trained_split(seed, options)
        answers.append(judged(place))
        rows.append(_row(seed, answers[-1]))
        print(rows[-1].words(), flush=True)
        cost = cost or tuple(_cost(place, options.rounds))
    return EnsemblesFound(options.backbone, PHANTOMS, options.patients, tuple(rows), _areas(answers), cost)


def _row(seed: int, said: JudgedSplit) -> SplitRow:
    from edgecad_train.evaluation.statistics.comparison import compare_auc

    pairs = [compare_auc(said.truth, said.ensemble, own) for own in said.members]
    return SplitRow(
        seed,
        len(said.truth),
        pairs[0].one,
        tuple(pair.other for pair in pairs),
        tuple((pair.difference, pair.low, pair.high) for pair in pairs),
    )


def _areas(answers: Sequence[JudgedSplit]) -> dict[str, Interval]:
    """Means over all splits and members; the phantoms of a split are the same ones for all its models."""
    from edgecad_train.study.results.comparisons import difference_of_areas
    from edgecad_train.study.results.pooling import Runs, mean_auc

    names = tuple(f"{split} {name}" for split, said in enumerate(answers) for name in said.names)
    truth = np.concatenate([said.truth for said in answers])
    rows = sum(len(said.members) for said in answers)
    shown, scores = np.zeros((rows, len(truth)), np.bool_), np.full((2, rows, len(truth)), 0.5)
    row = column = 0
    for said in answers:
        block = slice(row, row + len(said.members)), slice(column, column + len(said.truth))
        # The ensemble stands beside each of its members, so that both rows have the same test parts.
        shown[block], scores[0][block], scores[1][block] = True, said.ensemble, said.members
        row, column = block[0].stop, block[1].stop
    inside = np.clip(scores, 1e-9, 1 - 1e-9)
    both = [Runs(names, truth, shown, np.zeros_like(shown), own) for own in inside]
    less = difference_of_areas(*both)
    areas = [mean_auc(own) for own in both]
    return {
        **{name: (own.value, own.low, own.high) for name, own in zip(("ensembles", "members"), areas, strict=True)},
        "difference": (less.value, less.low, less.high),
    }


def _cost(place: SplitPlace, rounds: int) -> Iterator[FileCost]:
    """Of the ensemble and of its first member, in turn."""
    files = {
        (name, precision): path.read_bytes()
        for name in ("member-0", "ensemble")
        for precision, file in FILES.items()
        if (path := place.model(name) / file).is_file()
    }
    times = in_turn({" ".join(key): (content, ANSWER_OUTPUTS) for key, content in files.items()}, rounds)
    for (name, precision), content in files.items():
        yield FileCost(name, precision, len(content), times[f"{name} {precision}"])
