"""The runtime's tests there, without the slow ones: how many passed, in which rooms, what was skipped and why."""

from __future__ import annotations

import re
import shutil
import time
import xml.etree.ElementTree as ElementTree  # of pytest's own report
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from emulated.errors import Broken
from emulated.place import KeptFolder
from emulated.rooms import NOT_BEGUN, room_of
from emulated.said import say
from emulated.wheels import ENVIRONMENT

CARRIED = ("tests", "pyproject.toml", "Makefile", "constraints.txt", "docs", "benchmarks", "README.md", "CHANGELOG.md")
"""What tests read beside the installed runtime. Its sources are not among it: what is tested is the wheel."""
PRUNED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
REPORT = "tests.xml"


@dataclass(frozen=True)
class Tested:
    """What pytest found.

    Attributes:
        failed: names of tests that failed or broke.
        skipped: reasons, and how many tests each kept out.
        rooms: of the runtime's tests; how many passed, and how many there are without the slow ones.
        code: pytest's exit code; 5: no test was found.
    """

    passed: int
    failed: tuple[str, ...]
    skipped: dict[str, int]
    rooms: dict[str, tuple[int, int]]
    seconds: float
    code: int

    def right(self, least: int) -> bool:
        """Whether nothing failed, and enough passed."""
        return self.code == 0 and not self.failed and self.passed >= least

    @property
    def not_begun(self) -> int:
        """How many were left when the time was over."""
        return self.skipped.get(NOT_BEGUN, 0)


def carry(place: KeptFolder, repository: Path) -> None:
    """Copy tests and what they read, and the model, to `/trial` there."""
    place.work.mkdir(exist_ok=True)
    for name in CARRIED:
        source, target = repository / name, place.work / name
        place.clear(target)
        if source.is_dir():
            shutil.copytree(source, target, ignore=PRUNED)
        elif source.is_file():
            shutil.copy(source, target)
    place.clear(place.work / "model")
    shutil.copytree(place.model, place.work / "model")


def run_tests(place: KeptFolder, tests: tuple[str, ...], workers: int, minutes: float) -> Tested:
    """Run pytest there.

    Args:
        place: has the tests and the environment.
        tests: folders, files or names of tests.
        workers: processes of pytest.
        minutes: after which no test begins; 0: all run.

    Raises:
        Broken: it left no report.
    """
    report, log = place.work / REPORT, place.folder / "tests.log"
    report.unlink(missing_ok=True)
    limit = f"what can begin in {minutes:g} minutes" if minutes else "all, hours"
    say(f"{' '.join(tests)} without the slow ones, {workers} at once: {limit}; tail -f {log}")
    spread = [f"--numprocesses={workers}", "--dist=loadgroup", "--no-loadscope-reorder", "--max-worker-restart=0"]
    words = ["env", "PYTHONPATH=/trial/tests/aarch64", f"{ENVIRONMENT}/bin/pytest", "-p", "emulated.limited"]
    words += ["-m", "not soak and not slow", "--verbose", "--junitxml", REPORT, "--durations", "20"]
    words += ["--begin-until", f"{time.time() + 60 * minutes:.0f}"] if minutes else []
    done = place.run([*words, *(spread if workers > 1 else []), *tests], folder="/trial", log=log)
    if not report.is_file():
        raise Broken(f"pytest ended with {done.returncode} and left no report: {log}")
    return read_report(report.read_text(encoding="utf-8"), done.returncode)


def read_report(xml: str, code: int) -> Tested:
    """Read pytest's report in the form of JUnit."""
    suite = ElementTree.fromstring(xml).find("testsuite")  # noqa: S314
    if suite is None:
        raise Broken("pytest's report has no tests in it")
    cases = suite.findall("testcase")
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skips = [skip for case in cases for skip in case.findall("skipped")]
    names = tuple(sorted({f"{case.get('classname')}::{case.get('name')}" for case in bad}))
    skipped = Counter(_reason(skip.get("message") or "no reason") for skip in skips)
    good = [case for case in cases if case not in bad and case.find("skipped") is None]
    told, there = _rooms(good), _rooms(cases)
    return Tested(
        len(good),
        names,
        dict(skipped.most_common()),
        {room: (told[room], there[room]) for room in sorted(there)},
        float(suite.get("time") or 0),
        code,
    )


def _rooms(cases: list[ElementTree.Element]) -> Counter[str]:
    return Counter(filter(None, (room_of(case.get("classname") or "") for case in cases)))


def _reason(message: str) -> str:
    """A reason without what differs from test to test, so that equal ones are counted together."""
    return re.sub(r"\s+", " ", message).strip()
