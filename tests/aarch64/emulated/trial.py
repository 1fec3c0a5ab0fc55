"""A trial: a Debian, the runtime from wheels, golden samples, tests; and its summary."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from emulated.debian import make_debian
from emulated.errors import Broken
from emulated.golden import AUTO_NEVER, EDGECAD, FILES, Replayed, Taken, as_json, replay, replays, taken
from emulated.model import bring_model
from emulated.place import KeptFolder
from emulated.said import say
from emulated.suite import Tested, carry, run_tests
from emulated.wheels import BESIDE, ENVIRONMENT, fetch_wheels, install_wheels, target_there

SUMMARY = "summary.json"
Line = TypeVar("Line", Replayed, Taken)


@dataclass(frozen=True)
class Order:
    """What is asked of a trial.

    Attributes:
        repository: the sources.
        python: of an environment with pip, training and export.
        make: sets that environment up; empty: it is there.
        model: a model folder; None: a small one is made.
        suite, mirror: of Debian.
        workers: processes of pytest.
        tests: folders, files or names of tests.
        minutes: after which no test begins; 0: all run.
        least_passed: tests that must pass.
    """

    repository: Path
    place: KeptFolder
    python: str
    make: str
    model: Path | None
    suite: str
    mirror: str
    workers: int
    tests: tuple[str, ...]
    minutes: float
    least_passed: int


@dataclass(frozen=True)
class Findings:
    """What a trial found.

    Attributes:
        openvino: why it did not run there; empty where it did.
        replayed: of the precisions that must hold.
        fp16: of fp16 on the processor, which need not; None: the model has no such file.
        taken: what `auto` took, with all precisions and without int8.
    """

    machine: str
    versions: dict[str, str]
    openvino: str
    replayed: list[Replayed]
    fp16: Replayed | None
    taken: list[Taken]
    tested: Tested
    least_passed: int

    @property
    def faults(self) -> list[str]:
        """What does not hold; empty: the trial is passed."""
        faults = [each.line() for each in self.replayed if not each.right]
        if ("cpu", "fp32") not in [(each.device, each.precision) for each in self.replayed]:
            faults.append("fp32 was not tried on the processor")
        faults += [each.line() for each in self.taken if not each.right]
        tested = self.tested
        if not tested.right(self.least_passed):
            fault = f"tests: {tested.passed} passed, {self.least_passed} wanted; {len(tested.failed)} failed"
            faults.append(fault + (f"; {tested.not_begun} not begun: give more --minutes" if tested.not_begun else ""))
        return faults

    def lines(self) -> list[str]:
        """For a person."""
        tested = self.tested
        return [
            f"machine: {self.machine}",
            f"versions: {', '.join(f'{name} {version}' for name, version in self.versions.items())}",
            *(f"golden samples: {each.line()}" for each in self.replayed),
            f"fp16 on the processor: {self.fp16.line() if self.fp16 else 'the model has none'}",
            *(each.line() for each in self.taken),
            f"openvino: {self.openvino or 'golden samples above'}",
            f"tests: {tested.passed} passed, {len(tested.failed)} failed, {sum(tested.skipped.values())} skipped, "
            f"{tested.seconds:.0f} s",
            *(f"  {room}: {passed} of {there} passed" for room, (passed, there) in tested.rooms.items()),
            *(f"  failed: {name}" for name in tested.failed),
            *(f"  skipped {count}: {reason}" for reason, count in tested.skipped.items()),
            *(f"NOT RIGHT: {fault}" for fault in self.faults),
        ]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"replayed": as_json(self.replayed), "faults": self.faults}


def run_trial(order: Order) -> int:
    """Make what is missing in the place, then try all; the exit code.

    Raises:
        Missing, Broken: a step could not be done.
    """
    place = order.place
    place.claim()
    if order.make:
        done = subprocess.run([order.make, "--no-print-directory", "setup"], cwd=order.repository, check=False)
        if done.returncode:
            raise Broken(f"make setup ended with {done.returncode}")
    make_debian(place, order.suite, order.mirror)
    openvino = fetch_wheels(place, order.python, order.repository, target_there(place))
    install_wheels(place, openvino=not openvino)
    bring_model(place, order.python, order.repository, order.model)
    carry(place, order.repository)
    return _told(order, _found(order, openvino))


def _found(order: Order, openvino: str) -> Findings:
    place = order.place
    say("golden samples there")
    replayed = list(_said(replays(place, openvino=not openvino)))
    fp16 = None
    if (place.model / FILES[AUTO_NEVER]).is_file():
        (fp16,) = _said([replay(place, "cpu", AUTO_NEVER)])
    took = list(_said(taken(place, hidden) for hidden in ("", "int8")))
    return Findings(
        machine=_machine(place),
        versions=_versions(place),
        openvino=openvino,
        replayed=replayed,
        fp16=fp16,
        taken=took,
        tested=run_tests(place, order.tests, order.workers, order.minutes),
        least_passed=order.least_passed,
    )


def _said(found: Iterable[Line]) -> Iterator[Line]:
    """Each finding, told as soon as it is there: a trial that is ended during the tests has told them as well."""
    for each in found:
        say(each.line())
        yield each


def _machine(place: KeptFolder) -> str:
    doctor = place.run([EDGECAD, "doctor", "--json"])
    try:
        machine = json.loads(doctor.stdout)["machine"]
    except (ValueError, KeyError):
        return f"edgecad doctor ended with {doctor.returncode}: {doctor.stderr.strip()[-200:]}"
    return f"{machine['system']}, Python {machine['python']}"


def _versions(place: KeptFolder) -> dict[str, str]:
    listed = place.run([f"{ENVIRONMENT}/bin/pip", "list", "--format", "json"])
    beside = place.run([f"{ENVIRONMENT}/bin/pip", "list", "--format", "json", "--path", BESIDE])
    rows = [*json.loads(listed.stdout), *json.loads(beside.stdout or "[]")]
    versions = {each["name"]: each["version"] for each in rows}
    told = ("edgecad", "numpy", "opencv-python-headless", "onnxruntime", "openvino", "simplejpeg", "pydicom", "pytest")
    return {name: versions[name] for name in told if name in versions}


def _told(order: Order, findings: Findings) -> int:
    path = order.place.folder / SUMMARY
    path.write_text(json.dumps(findings.as_json(), indent=1) + "\n", encoding="utf-8")
    print("\n".join([*findings.lines(), f"in {path}"]))
    return 1 if findings.faults else 0
