"""A learning curve as lines of a terminal: what it measured, and what it is not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgecad.cli.table import table_lines
from edgecad_train.origin import origin_words
from edgecad_train.planning.paragraphs import paragraph, wrapped
from edgecad_train.planning.record import CurvePoint, LearningCurve


def lines_of_curve(curve: LearningCurve, number: int) -> Iterator[str]:
    """Lines; the first says which block it is.

    Args:
        number: of the block.
    """
    if stamp := origin_words(curve.origin):
        yield stamp
    yield from wrapped(
        f"{number} Learning curve: {curve.patients.n} patients of DATA, {curve.patients}; the head on frozen "
        f"{curve.backbone} ({curve.features})"
    )
    heads = ("patients who taught", "share", "mean AUC", "from", "to", "sd")
    yield from table_lines(heads, map(_row, curve.points), "rrrrrr")
    draws = len(curve.points[0].areas)
    yield from paragraph(
        f"{draws} draws. In each the patients are dealt into {curve.folds} folds, stratified by class, and a share of "
        "the others teaches those who judge a fold, at the epoch that the other folds chose. So every patient is "
        "judged once a draw, and by nobody whom he taught. From, to and sd are over the draws."
    )
    yield from paragraph(
        f"{_gain(curve.points)} The spread tells how much it matters who teaches. It is no interval for other "
        "patients: all draws share these. Fine-tuning may learn more from more patients, and nothing here says how the "
        "curve goes on."
    )


def _row(point: CurvePoint) -> tuple[str, ...]:
    low, high, mean, deviation = min(point.areas), max(point.areas), np.mean(point.areas), np.std(point.areas, ddof=1)
    return (
        str(point.taught), f"{point.share:.0%}", f"{mean:.3f}", f"{low:.3f}", f"{high:.3f}", f"{deviation:.3f}",
    )  # fmt: skip


def _gain(points: tuple[CurvePoint, ...]) -> str:
    """What the last step brought, draw by draw."""
    before, last = points[-2:]
    gains = np.subtract(last.areas, before.areas)
    return (
        f"From {before.taught} to {last.taught} patients the AUC moved by {gains.mean():+.3f} in the mean, by "
        f"{gains.min():+.3f} to {gains.max():+.3f} in single draws."
    ).replace("-", "\N{MINUS SIGN}")
