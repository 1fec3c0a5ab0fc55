"""Tables of what heat maps show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edgecad.contract import Metric
from edgecad_train.evaluation.localisation.figures import Localisation
from edgecad_train.evaluation.localisation.words import above_words, judged_words


@dataclass(frozen=True)
class LocalisationTable:
    """One table: whose maps, which of them, and their figures."""

    whose: str
    about: str
    figures: tuple[Metric, ...]


def localisation_tables(found: Iterable[Localisation], parts: Mapping[str, str]) -> tuple[LocalisationTable, ...]:
    """Two tables a part, in the order given: where defects are known, and all above the threshold.

    Args:
        parts: names of the parts.
    """
    return tuple(
        LocalisationTable(parts[one.part], about, group.figures if group else ())
        for one in found
        for about, group in ((judged_words(one), one.judged), (above_words(one), one.above))
    )
