"""Whether the scans that a model is judged on lie as those that it was trained on."""

from __future__ import annotations

from edgecad.frozen import Frozen
from edgecad.polarmap.orientation import SERIES, WANTED, judged_series
from edgecad_train.data.orientation import NOT_OF_COLOURS, PatientMeans
from edgecad_train.judgement.models import JudgedModel


class OrientationJudged(Frozen, frozen=True, kw_only=True):
    """What the patients say together, in words."""

    line: str
    """Told in any case: as in training, or looks turned, or why that is not known."""
    warning: str | None = None


def judge_orientation(model: JudgedModel, found: PatientMeans | None) -> OrientationJudged:
    """Hold the patients that a model answered against its contract.

    Args:
        found: their means; None where colours are the input.
    """
    reference = model.contract.orientation
    if found is None:
        return OrientationJudged(line=NOT_OF_COLOURS)
    if reference is None:
        why = "the model does not know how its training scans lay; one that is trained anew on 40 patients or more does"
        return OrientationJudged(line=f"orientation: not checked, because {why}")
    judged = judged_series(reference, found.means)
    if judged is None:
        return OrientationJudged(line=f"orientation: not checked, because fewer than {SERIES} patients do not tell it")
    if judged.turn is None:
        return OrientationJudged(line=f"orientation: the mean of {judged.count} patients lies as in training")
    looks = f"the scans look {judged.turn.words}, all or many of them, {judged.count} patients taken together"
    return OrientationJudged(
        line=f"orientation: the mean of {judged.count} patients looks {judged.turn.words}",
        warning=f"{looks} and held against the training scans: {WANTED}; look at them, and export them as those were, "
        "or the figures say nothing",
    )
