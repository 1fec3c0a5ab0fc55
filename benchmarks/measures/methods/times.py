"""Seconds that systems take, each in a study of its own, from its beginning; a quiet machine is wanted.

What counts is fitting and scoring: of each quick method five folds of all phantoms, once their uptake is there. A pass
through a frozen network counts once, as folds share it. The slow networks are timed by one fit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import msgspec

from measures.methods.kept import TIMES, found_in
from measures.methods.options import MethodOptions
from measures.methods.studies import QUICK, SLOW, Answers, Cohort, SystemsStudy

MOST_OF_A_METHOD, MOST_OF_ALL = 60.0, 600.0
"""Seconds by the clock that are allowed: of a quick method, and of the command that makes all quick rows."""
ALL = f"{', '.join(QUICK.strategies)} and all quick methods"


class SystemTime(msgspec.Struct, frozen=True):
    """What one study took.

    Attributes:
        system: the method, or `ALL`.
        fits: how many it was fitted; each answered all phantoms.
        fit: seconds by the clock that fitting and scoring took, all fits together.
        frozen: and that a frozen network took, once.
        command: and the whole command, from start to exit: reading of screens, tables and pictures as well.
        processor: seconds of processors of the whole command.
    """

    system: str
    fits: int
    fit: float
    frozen: float
    command: float
    processor: float

    def words(self) -> str:
        """One line."""
        own = self.fit + self.frozen
        told = "" if self.system == ALL else f"{self.fits} fits {own:.1f} s{self._frozen}; "
        return f"{self.system}: {told}command {self.command:.0f} s, processors {self.processor:.0f} s"

    @property
    def _frozen(self) -> str:
        return f", of which {self.frozen:.1f} s a frozen network" if self.frozen else ""

    def missed(self) -> str:
        """The bar that it misses, in words; empty where it holds it or has none."""
        if self.system == ALL:
            return f"{ALL} took {self.command:.0f} s ({MOST_OF_ALL:.0f} wanted)" if self.command > MOST_OF_ALL else ""
        took = self.fit + self.frozen
        if self.system in SLOW or took <= MOST_OF_A_METHOD:
            return ""
        return f"{self.system} took {took:.0f} s ({MOST_OF_A_METHOD:.0f} wanted)"


class TimesFound(msgspec.Struct, frozen=True):
    """All times.

    Attributes:
        load: processes that wanted a processor when the last times began (`os.getloadavg`; 0 on Windows): above the
            machine's threads, others worked beside it, and seconds by the clock are too long.
    """

    backbone: str
    patients: int
    load: float
    rows: tuple[SystemTime, ...]


def times_found(options: MethodOptions) -> TimesFound:
    """Measure what is asked for; other rows of a file that is there stay."""
    before = {row.system: row for row in _before(options)}
    load = _load()
    for row in _rows(options):
        print(row.words(), flush=True)
        before[row.system] = row
    return TimesFound(options.backbone, options.patients, load, tuple(before.values()))


def _load() -> float:
    if sys.platform == "win32":
        return 0.0
    return os.getloadavg()[0]


def _before(options: MethodOptions) -> tuple[SystemTime, ...]:
    """Of the file that is there, if it is about the same."""
    found = found_in(options.results / f"{TIMES}.json", TimesFound)
    same = found and (found.backbone, found.patients) == (options.backbone, options.patients)
    return found.rows if found and same else ()


def _rows(options: MethodOptions) -> Iterator[SystemTime]:
    cohort = Cohort("deficit", 0, options)
    for name in options.methods:
        # A fit learns from as many by one seed as by one of five folds.
        parts = ("--seeds", 1) if name in SLOW else ("--folds", options.folds)
        ended, found = cohort.timed(SystemsStudy(name, (), (name,)), parts)
        fit, frozen = _seconds(found[name])
        yield SystemTime(name, len(found[name]), fit, frozen, ended.seconds, ended.processor)
    if set(QUICK.methods) <= set(options.methods):
        ended, found = cohort.timed(QUICK, ("--folds", options.folds))
        own = [_seconds(runs) for runs in found.values()]
        fits = sum(len(runs) for runs in found.values())
        yield SystemTime(
            ALL, fits, sum(fit for fit, _ in own), max(frozen for _, frozen in own), ended.seconds, ended.processor
        )


def _seconds(runs: Answers) -> tuple[float, float]:
    """Of fitting and scoring, and of a frozen network that the first run let run."""
    steps = [run.records.record.seconds_by_step for run in runs]
    frozen = [own.get("frozen", 0.0) for own in steps]
    return sum(sum(own.values()) for own in steps) - sum(frozen), max(frozen)
