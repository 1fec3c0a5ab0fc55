"""Lead a study: open its folder, have its units done, keep the table up to date, clear up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgecad.cli.progress import Bars
from edgecad.contract import Openings
from edgecad.system.folders import write_whole
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.openings import StudyOpenings
from edgecad_train.study.results.maps import draw_maps
from edgecad_train.study.results.picture import draw_table
from edgecad_train.study.results.rows import Row, rows_of
from edgecad_train.study.results.study_table import StudyTable, study_table
from edgecad_train.study.results.table import markdown
from edgecad_train.study.results.table_csv import csv_text, pairs_text
from edgecad_train.study.results.true_deficit import true_deficit_of
from edgecad_train.study.scans import store_scans
from edgecad_train.study.workers.loop import anything_left
from edgecad_train.study.workers.messages import Listener, WorkerEvent

DRAWN_EVERY_S = 20.0
"""A picture costs seconds of a processor that a worker could use."""

Work = Callable[[StudyFolder, StudyPlan, Listener], None]
"""What has the units done: local workers, or a cluster."""


@dataclass(frozen=True)
class StudyOutcome:
    """How a study stands when its command ends."""

    table: StudyTable
    failures: tuple[str, ...]
    """A line each."""
    warnings: tuple[str, ...]
    """What went wrong on the way and was mended: workers that died."""
    exit_code: int
    """The highest of the failed units, or 0."""
    openings: Openings | None = None
    """Of all test patients whose runs are done; None where none is."""


def run_study(out: Path, plan: StudyPlan, work: Work, bars: Bars) -> StudyOutcome:
    """Do what of the study is not done yet; the same command in the same folder resumes where it was.

    Raises:
        UsageError: the folder holds another study, or another command is at work in it.
    """
    folder = StudyFolder(out)
    with folder.alone():
        folder.open(plan.study)
        folder.clear_litter()
        folder.forget_failures()
        table = _Table(folder, plan, bars)
        if anything_left(folder):
            _lay_out(folder, plan, table.openings)
            work(folder, plan, table.hear)
        written = table.write(everything=True)
        outcome = _outcome(folder, written, tuple(table.warnings), table.openings.now)
        if not anything_left(folder) and not outcome.failures:
            folder.clear_cache()
    return outcome


def _lay_out(folder: StudyFolder, plan: StudyPlan, openings: StudyOpenings) -> None:
    """Put scans, splits and what is known of the test parts where workers find them."""
    folder.put_openings(openings.known())
    for part_name, partition in plan.partitions.items():
        folder.put_partition(part_name, partition)
    for data in plan.data.values():
        store_scans(data, folder.path / "cache")


def _outcome(
    folder: StudyFolder, table: StudyTable, warnings: tuple[str, ...], openings: Openings | None
) -> StudyOutcome:
    failed = {str(unit): failure for unit in folder.study().units if (failure := folder.failure(unit))}
    lines = tuple(f"{unit}: {failure.message}" for unit, failure in failed.items())
    code = max((failure.exit_code for failure in failed.values()), default=0)
    return StudyOutcome(table, lines, warnings, code, openings)


class _Table:
    """Keeps table and picture up to date as units finish."""

    def __init__(self, folder: StudyFolder, plan: StudyPlan, bars: Bars) -> None:
        self._folder = folder
        self._plan = plan
        self._bars = bars
        self._total = len(plan.study.units)
        self._undone = len(folder.undone())
        self._drawn = time.monotonic()
        self._rows: tuple[Row, ...] = ()
        self.warnings: list[str] = []
        self.openings = StudyOpenings(folder, plan)

    def hear(self, event: WorkerEvent) -> None:
        """Take one event in."""
        if event.kind == "warning":
            self.warnings.append(event.text)
        if event.kind in ("done", "failed"):
            self._undone = len(self._folder.undone())
            self.write(everything=False)
        self._bars("units", self._total - self._undone, self._total, event.text)

    def write(self, everything: bool) -> StudyTable:
        """Write the tables; the pictures too, if it is time for them."""
        folder = self._folder
        self._rows = rows_of(folder, self._rows)
        deficit = true_deficit_of(self._rows, next(iter(self._plan.data.values())))
        table = study_table(folder.study(), self._rows, deficit)
        self.openings.count()
        write_whole(folder.path / "table.csv", csv_text(table).encode())
        write_whole(folder.path / "pairs.csv", pairs_text(table).encode())
        write_whole(folder.path / "table.md", markdown(table, self._plan.findings, self.openings.now).encode())
        if everything or time.monotonic() - self._drawn > DRAWN_EVERY_S:
            _draw(folder, self._plan, table)
            self._drawn = time.monotonic()
        return table


def _draw(folder: StudyFolder, plan: StudyPlan, table: StudyTable) -> None:
    partial = folder.path / ".table.partial.png"
    draw_table(table, partial).replace(folder.path / "table.png")
    draw_maps(folder, table.rows, plan.data)
