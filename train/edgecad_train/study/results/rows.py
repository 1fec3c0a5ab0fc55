"""The table's rows, from whatever units are finished: one row a network, strategy and kind of rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgecad.contract import Metric
from edgecad_train.study.definition import REFERENCE_STRATEGY, Study
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.plain import plain_seconds_of
from edgecad_train.study.results.comparisons import AgainstReference, against
from edgecad_train.study.results.pooling import pooled
from edgecad_train.study.results.unit_result import Result
from edgecad_train.study.units import Unit, variant_name
from edgecad_train.training.strategies import paper_number


@dataclass(frozen=True)
class Row:
    """One strategy on one network, as far as its runs are done.

    Attributes:
        units: all that were asked for.
        results: of those that are done, in the units' order.
        failed: how many failed.
        metrics: over all results, on test patients.
        against: compared with two-stage; None for two-stage itself, and while there is nothing to compare.
        plain_seconds: what plain Keras would take for a run; None where it was not measured.
    """

    units: tuple[Unit, ...]
    results: tuple[Result, ...]
    failed: int
    metrics: tuple[Metric, ...]
    against: AgainstReference | None
    plain_seconds: float | None

    @property
    def backbone(self) -> str:
        """The network."""
        return self.units[0].backbone

    @property
    def variant(self) -> str:
        """The strategy, with its rates where they are layer-wise."""
        return variant_name(self.units[0].strategy, self.units[0].layerwise)

    @property
    def number(self) -> str:
        """The strategy's number in the paper."""
        return paper_number(self.units[0].strategy)

    def metric(self, name: str) -> Metric | None:
        """A figure by its name."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    @property
    def areas(self) -> tuple[tuple[str, Metric], ...]:
        """The area under the ROC curve of each run, with its DeLong interval, by `seed 0`, ..."""
        found = ((result.unit.part_name, result.test.metric("auc")) for result in self.results)
        return tuple((name, metric) for name, metric in found if metric is not None)

    @property
    def evidence_outside(self) -> float | None:
        """Mean share of the heat maps' evidence outside the disc, 0 to 1; None without a disc or a run."""
        shares = [r.evidence_outside for r in self.results if r.evidence_outside is not None]
        return float(np.mean(shares)) if shares else None

    @property
    def seconds(self) -> tuple[float, ...]:
        """Of each run as it went, reading of the scans apart."""
        return tuple(result.seconds for result in self.results)


def rows_of(folder: StudyFolder, before: Sequence[Row] = ()) -> tuple[Row, ...]:
    """All rows of the study, empty ones too.

    Args:
        before: rows as they were; intervals of those in which no run was added are taken over.
    """
    study = folder.study()
    results = {key: _results(folder, study, key) for key in study.rows()}
    known = {_key(row.units[0]): row for row in before}
    return tuple(_row(folder, study, key, results, known) for key in results)


Key = tuple[str, str, bool]


def _results(folder: StudyFolder, study: Study, key: Key) -> tuple[Result, ...]:
    found = (folder.result(unit) for unit in _units(study, key))
    return tuple(result for result in found if result is not None)


def _units(study: Study, key: Key) -> tuple[Unit, ...]:
    return tuple(unit for unit in study.units if _key(unit) == key)


def _key(unit: Unit) -> Key:
    return unit.backbone, unit.strategy, unit.layerwise


def _row(
    folder: StudyFolder, study: Study, key: Key, results: dict[Key, tuple[Result, ...]], known: dict[Key, Row]
) -> Row:
    units, own = _units(study, key), results[key]
    reference = next((other for other in results if other == (key[0], REFERENCE_STRATEGY, False)), key)
    before = known.get(key)
    if before and before.results == own and known[reference].results == results[reference]:
        metrics, compared = before.metrics, before.against
    else:
        metrics = pooled(own) if own else ()
        compared = against(own, results[reference]) if reference != key else None
    return Row(
        units=units,
        results=own,
        failed=sum(folder.failure(unit) is not None for unit in units),
        metrics=metrics,
        against=compared,
        plain_seconds=plain_seconds_of(units[0], folder.plain_time) if study.asked.time_plain else None,
    )
