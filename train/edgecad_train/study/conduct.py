"""Lead a study: open its folder, have its units done, keep the table up to date, clear up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgecad.cli.progress import Bars
from edgecad.system.folders import write_whole
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.orders import Event
from edgecad_train.study.planning import Planned
from edgecad_train.study.results.maps import draw_maps
from edgecad_train.study.results.picture import draw_table
from edgecad_train.study.results.rows import Row, rows_of
from edgecad_train.study.results.table import markdown
from edgecad_train.study.results.table_csv import csv_text
from edgecad_train.study.scans import store_scans
from edgecad_train.study.work import anything_left

DRAWN_EVERY_S = 20.0
"""A picture costs seconds of a processor that a worker could use."""

Listener = Callable[[Event], None]
Work = Callable[[StudyFolder, Planned, Listener], None]
"""What has the units done: local workers, or a cluster."""


@dataclass(frozen=True)
class Ended:
    """How a study stands when its command ends."""

    rows: tuple[Row, ...]
    failures: tuple[str, ...]
    """A line each."""
    warnings: tuple[str, ...]
    """What went wrong on the way and was mended: workers that died."""
    exit_code: int
    """The highest of the failed units, or 0."""


def conduct(out: Path, plan: Planned, work: Work, bars: Bars) -> Ended:
    """Do what of the study is not done yet; the same command in the same folder goes on where it was.

    Raises:
        UsageError: the folder holds another study, or another command is at work in it.
    """
    folder = StudyFolder(out)
    with folder.alone():
        folder.open(plan.study)
        folder.clear_litter()
        for unit in plan.study.units:
            folder.forget_failure(unit)
        folder.forget_plain_failures()
        scribe = _Scribe(folder, plan, bars)
        if anything_left(folder):
            _lay_out(folder, plan)
            work(folder, plan, scribe.hear)
        rows = scribe.write(everything=True)
        ended = _ended(folder, rows, tuple(scribe.warnings))
        if not anything_left(folder) and not ended.failures:
            folder.clear_cache()
    return ended


def _lay_out(folder: StudyFolder, plan: Planned) -> None:
    """Put scans and splits where workers find them."""
    for part_name, partition in plan.partitions.items():
        folder.write_partition(part_name, partition)
    for data in plan.data.values():
        store_scans(data, folder.path / "cache")


def _ended(folder: StudyFolder, rows: tuple[Row, ...], warnings: tuple[str, ...]) -> Ended:
    failed = [failure for unit in folder.study().units if (failure := folder.failure(unit))]
    lines = tuple(f"{failure.unit}: {failure.message}" for failure in failed)
    return Ended(rows, lines, warnings, max((failure.exit_code for failure in failed), default=0))


class _Scribe:
    """Keeps table and picture up to date as units finish."""

    def __init__(self, folder: StudyFolder, plan: Planned, bars: Bars) -> None:
        self._folder = folder
        self._plan = plan
        self._bars = bars
        self._total = len(plan.study.units)
        self._undone = len(folder.undone())
        self._drawn = time.monotonic()
        self._rows: tuple[Row, ...] = ()
        self.warnings: list[str] = []

    def hear(self, event: Event) -> None:
        """Take one event in."""
        if event.kind == "warning":
            self.warnings.append(event.text)
        if event.kind in ("done", "failed"):
            self._undone = len(self._folder.undone())
            self.write(everything=False)
        self._bars("units", self._total - self._undone, self._total, event.text)

    def write(self, everything: bool) -> tuple[Row, ...]:
        """Write the tables; the pictures too, if it is time for them."""
        folder, study = self._folder, self._plan.study
        rows = self._rows = rows_of(folder, self._rows)
        write_whole(folder.path / "table.csv", csv_text(study, rows).encode())
        write_whole(folder.path / "table.md", markdown(study, rows, self._plan.findings).encode())
        if everything or time.monotonic() - self._drawn > DRAWN_EVERY_S:
            _draw(folder, self._plan, rows)
            self._drawn = time.monotonic()
        return rows


def _draw(folder: StudyFolder, plan: Planned, rows: tuple[Row, ...]) -> None:
    partial = folder.path / ".table.partial.png"
    draw_table(rows, plan.study.origin, partial).replace(folder.path / "table.png")
    draw_maps(folder, rows, plan.data)
