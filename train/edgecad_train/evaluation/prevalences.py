"""Predictive values at the prevalences that matter, and likelihood ratios, from one table of answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.evaluation.statistics.prevalence import LocalFigure, LocalName, at_prevalence

LOCAL_HEADS = ("prevalence", "positive predictive value", "negative predictive value")
RATIO_HEADS = ("likelihood ratio", "value, 95 % interval")
TRAINING = "in training"


class AtPrevalence(Frozen, frozen=True, kw_only=True):
    """Figures at one share of CAD."""

    prevalence: float
    where: str = ""
    """`in training`, or nothing where the user asked for it."""
    figures: tuple[LocalFigure, ...]

    def figure(self, name: LocalName) -> LocalFigure:
        """The figure of that name."""
        return next(figure for figure in self.figures if figure.name == name)


def at_prevalences(counts: Confusion, training: float | None, asked: Sequence[float]) -> tuple[AtPrevalence, ...]:
    """Figures at the prevalence of the training, where it is known, and at those that are asked for.

    Nothing where the answers are to one class alone.
    """
    if not counts.positives or not counts.negatives:
        return ()
    first = [] if training is None or not 0 < training < 1 else [(training, TRAINING)]
    shares = [*first, *((share, "") for share in asked if (share, TRAINING) not in first)]
    return tuple(
        AtPrevalence(prevalence=share, where=where, figures=at_prevalence(counts, share)) for share, where in shares
    )


def local_rows(local: Sequence[AtPrevalence]) -> Iterator[tuple[str, ...]]:
    """A row a prevalence, as `LOCAL_HEADS`."""
    for one in local:
        share = f"{100 * one.prevalence:.3g} %" + (f", {one.where}" if one.where else "")
        yield (share, str(one.figure("ppv")), str(one.figure("npv")))


def ratio_rows(local: Sequence[AtPrevalence]) -> Iterator[tuple[str, ...]]:
    """Both likelihood ratios, as `RATIO_HEADS`; they depend on no prevalence."""
    for one in local[:1]:
        yield ("positive", str(one.figure("positive_likelihood_ratio")))
        yield ("negative", str(one.figure("negative_likelihood_ratio")))
