"""What heat maps show, in words for people."""

from __future__ import annotations

from edgecad_train.evaluation.localisation.figures import Localisation
from edgecad_train.evaluation.localisation.located import LEAST_DEFICIT, LEAST_SCORE

FIGURES = {
    "peak_on_defect": "map's peak lies on the defect",
    "coldest_on_defect": "coldest place lies on the defect",
    "chance": "chance: the defect's share of the disc",
    "map_auc": "map against defect, AUC of pixels",
    "region_empty": "outlined region empty",
    "region_not_colder": "region not colder than the disc",
    "region_uptake": "region's uptake by the disc's",
    "map_and_uptake": "map and uptake, correlation",
}
"""Each figure's name for people."""


def judged_words(found: Localisation) -> str:
    """Which scans the figures against defects are about, or why there are none."""
    known = sum(found.truths.values())
    if not known:
        return "no scan comes with its defect (columns mask or segments, or --masks)"
    told = ", ".join(f"{kind} {count}" for kind, count in found.truths.items())
    which = f"deficit of {LEAST_DEFICIT:g} % or more where that is known, score {LEAST_SCORE:g} or more"
    judged = "none" if found.judged is None else f"{found.judged.scans} scans of {found.judged.patients} patients"
    return f"{judged} of {known} scans whose defect is known ({told}): {which}"


def above_words(found: Localisation) -> str:
    """Which scans the figures without a truth are about."""
    counted = "none" if found.above is None else f"{found.above.scans} scans of {found.above.patients} patients"
    return f"{counted} of {found.scans} scans, those whose score reaches the threshold"
