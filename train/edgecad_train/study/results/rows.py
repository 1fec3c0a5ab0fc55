"""The table's rows, from whatever units are finished: one row a network, strategy and kind of rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgecad.contract import NO_NETWORK, Metric
from edgecad_train.evaluation.localisation.figures import Localisation, LocatedGroup, localised
from edgecad_train.methods.table import METHODS
from edgecad_train.runs.names import HEATMAPS
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.plain import plain_seconds_of
from edgecad_train.study.results.comparisons import AgainstReference, against
from edgecad_train.study.results.pooling import pooled
from edgecad_train.study.results.unit_run import UnitRun
from edgecad_train.training.strategies import paper_number

STRATEGY = "transfer-learning"
"""In the column of methods: a network that was fine-tuned by one of the paper's strategies."""


@dataclass(frozen=True)
class Row:
    """One method, or one strategy on one network, as far as its runs are done.

    Attributes:
        units: all of the study.
        runs: those that are done, in the units' order.
        failed: how many failed.
        metrics: over all runs, on test patients.
        against: its networks compared with the reference's; None for the reference itself, and while there is nothing
            to compare.
        plain_seconds: what plain Keras would take for a run; None where it was not measured.
    """

    units: tuple[Unit, ...]
    runs: tuple[UnitRun, ...]
    failed: int
    metrics: tuple[Metric, ...]
    against: AgainstReference | None
    plain_seconds: float | None

    @property
    def backbone(self) -> str:
        """The network; `none` of a method without one."""
        return self.units[0].network

    @property
    def variant(self) -> str:
        """The method, or the strategy with its rates where they are layer-wise."""
        return self.units[0].variant

    @property
    def key(self) -> tuple[str, str]:
        """Network and strategy."""
        return self.backbone, self.variant

    @property
    def number(self) -> str:
        """The strategy's number in the paper; nothing of a method."""
        unit = self.units[0]
        return "" if unit.method else paper_number(unit.settings.strategy)

    @property
    def method(self) -> str:
        """The method's name; of a strategy the name of what all strategies are."""
        return self.units[0].method or STRATEGY

    def metric(self, name: str) -> Metric | None:
        """A figure by its name."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    @property
    def areas(self) -> tuple[tuple[str, Metric], ...]:
        """The area under the ROC curve of each run, with its DeLong interval, by `seed 0`, ..."""
        found = ((run.unit.part_name, run.test.metric("auc")) for run in self.runs)
        return tuple((name, metric) for name, metric in found if metric is not None)

    @property
    def evidence_outside(self) -> float | None:
        """Mean share of the heat maps' evidence outside the disc, 0 to 1; None without a disc or a run."""
        told = (run.records.record.evidence_outside for run in self.runs)
        shares = [share for share in told if share is not None]
        return float(np.mean(shares)) if shares else None

    @property
    def located(self) -> bool:
        """Whether its runs have heat maps; those of some methods have none."""
        if not self.runs or not self.units[0].method:
            return bool(self.runs)
        return (self.runs[0].records.folder / HEATMAPS).is_file()

    @cached_property
    def localisation(self) -> Localisation | None:
        """What the heat maps of all runs' test parts show, intervals by patient; None where nothing was measured."""
        scans = [scan for run in self.runs for scan in run.located]
        return localised(scans, "test") if scans else None

    @property
    def heat_maps(self) -> LocatedGroup | None:
        """Figures of the scans whose defect is known and should be shown, else of all above the threshold."""
        found = self.localisation
        return (found.judged or found.above) if found else None

    def heat_map_figure(self, name: str) -> Metric | None:
        """A figure of the heat maps by its name."""
        return self.heat_maps.figure(name) if self.heat_maps else None

    @property
    def seconds(self) -> tuple[float, ...]:
        """Of each run as it went, reading of the scans apart."""
        return tuple(run.seconds for run in self.runs)


def rows_of(folder: StudyFolder, before: Sequence[Row] = ()) -> tuple[Row, ...]:
    """All rows of the study, empty ones too.

    Args:
        before: rows as they were; intervals of those in which no run was added are taken over.
    """
    rows = folder.study().rows()
    done = {key: _done(folder, units) for key, units in rows.items()}
    known = {(row.backbone, row.variant): row for row in before}
    return tuple(_row(folder, key, units, done, known) for key, units in rows.items())


Key = tuple[str, str]
"""Backbone and variant of a row."""


def reference_key(study: Study, network: str, keys: Sequence[Key]) -> Key | None:
    """The row that a network's other rows are compared with: at uniform rates if there is one; None without any.

    A method without a network is compared with the reference of the study's first one. Where the reference is a method
    it is every row's, on the same network or else on the first one.
    """
    name = study.spec.reference
    anywhere = name in METHODS or network == NO_NETWORK
    places = (network, study.spec.backbones[0].name, NO_NETWORK) if anywhere else (network,)
    wanted = ((place, variant) for place in places for variant in (name, f"{name}, layer-wise"))
    return next((key for key in wanted if key in keys), None)


def _done(folder: StudyFolder, units: Sequence[Unit]) -> tuple[UnitRun, ...]:
    return tuple(run for unit in units if (run := folder.run(unit)) is not None)


def _row(
    folder: StudyFolder,
    key: Key,
    units: tuple[Unit, ...],
    done: Mapping[Key, tuple[UnitRun, ...]],
    known: Mapping[Key, Row],
) -> Row:
    reference = reference_key(folder.study(), key[0], tuple(done)) or key
    runs, before = done[key], known.get(key)
    if before and before.runs == runs and known[reference].runs == done[reference]:
        metrics, compared = before.metrics, before.against
    else:
        metrics = pooled(runs) if runs else ()
        compared = against(runs, done[reference]) if reference != key else None
    return Row(
        units=units,
        runs=runs,
        failed=sum(folder.failure(unit) is not None for unit in units),
        metrics=metrics,
        against=compared,
        plain_seconds=plain_seconds_of(units[0], folder.plain_time) if folder.study().spec.time_plain else None,
    )
