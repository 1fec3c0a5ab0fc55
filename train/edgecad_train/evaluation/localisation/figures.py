"""Where the heat maps of many scans lie: shares and means with intervals, each patient a unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from edgecad.contract import Metric
from edgecad.frozen import Frozen
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.evaluation.statistics.clustered import by_patient, clustered_mean, clustered_proportion
from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.evaluation.statistics.metrics import Part

MOST_RELATIVE = 2.0
"""Largest mean uptake of a region as a share of the disc's: the map check wants a median above 50 %."""


class LocatedGroup(Frozen, frozen=True, kw_only=True):
    """Figures of some of the scans; those that these scans cannot give are left out."""

    scans: int
    patients: int
    figures: tuple[Metric, ...]

    def figure(self, name: str) -> Metric | None:
        """The figure of that name; None where these scans could not give it."""
        return next((figure for figure in self.figures if figure.name == name), None)


class Localisation(Frozen, frozen=True, kw_only=True):
    """What a model's heat maps show on one part of the data.

    Attributes:
        truths: scans whose defect is known, by how: `mask`, `segments`.
        judged: figures of the scans that should show a defect, see `LocatedScan.judged`; None where there is none.
        above: figures of the scans whose score reaches the threshold, which need no truth; None where there is none.
    """

    part: Part
    scans: int
    truths: dict[str, int]
    judged: LocatedGroup | None
    above: LocatedGroup | None


def localised(scans: Sequence[LocatedScan], part: Part) -> Localisation:
    """Figures of all scans of a part of the data."""
    judged = [scan for scan in scans if scan.judged]
    above = [scan for scan in scans if scan.above]
    return Localisation(
        part=part,
        scans=len(scans),
        truths=dict(sorted(Counter(scan.truth for scan in scans if scan.truth).items())),
        judged=_group(judged, part, (*_AGAINST_DEFECT, *_OF_REGION)) if judged else None,
        above=_group(above, part, _OF_REGION) if above else None,
    )


Values = Callable[[LocatedScan], float | bool | None]


def _not_colder(scan: LocatedScan) -> bool | None:
    return None if scan.region_uptake is None else scan.region_uptake >= 1


_Figure = tuple[str, Values, tuple[float, float] | None]
"""Its name, what it takes from a scan, and the range of a mean; None: it is a share of scans."""
_AGAINST_DEFECT: tuple[_Figure, ...] = (
    ("peak_on_defect", lambda scan: scan.peak_on_defect, None),
    ("coldest_on_defect", lambda scan: scan.coldest_on_defect, None),
    ("chance", lambda scan: scan.chance, (0.0, 1.0)),
    ("map_auc", lambda scan: scan.map_auc, (0.0, 1.0)),
)
_OF_REGION: tuple[_Figure, ...] = (
    ("region_empty", lambda scan: scan.region_empty, None),
    ("region_not_colder", _not_colder, None),
    ("region_uptake", lambda scan: scan.region_uptake, (0.0, MOST_RELATIVE)),
    ("map_and_uptake", lambda scan: scan.map_and_uptake, (-1.0, 1.0)),
)


def _group(scans: Sequence[LocatedScan], part: Part, figures: Sequence[_Figure]) -> LocatedGroup:
    patients = len({scan.patient for scan in scans})
    return LocatedGroup(scans=len(scans), patients=patients, figures=tuple(_figures(scans, part, figures)))


def _figures(scans: Sequence[LocatedScan], part: Part, figures: Sequence[_Figure]) -> Iterator[Metric]:
    for name, of, span in figures:
        known = [(scan.patient, float(value)) for scan in scans if (value := of(scan)) is not None]
        if known:
            i = _interval(known, span)
            yield Metric(name=name, value=i.value, low=i.low, high=i.high, n=i.n, part=part, method=i.method)


def _interval(known: Sequence[tuple[str, float]], span: tuple[float, float] | None) -> Interval:
    sums, counts = by_patient([patient for patient, _ in known], np.array([value for _, value in known]))
    return clustered_proportion(sums, counts) if span is None else clustered_mean(sums, counts, *span)
