"""What `edgecad bench` is asked to measure: devices, precisions, scenarios, and how long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgecad.runners.devices import AUTO, parse_device, unit_words
from edgecad.system.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecad.bench.process import Configuration
    from edgecad.bench.results import BenchOrder, Scenario
    from edgecad.contract import RunPrecision

ALL = "all"
SCENARIOS = ("single-stream", "offline")
LONGEST = 3000
"""Seconds of one scan after another, at most."""


def devices_of(word: str) -> tuple[str, ...]:
    """The devices that a word stands for.

    Raises:
        UsageError: there is no such device.
    """
    from edgecad.errors import UsageError

    if word == ALL:
        return unit_words()
    try:
        parse_device(word)
    except UsageError as error:
        raise UsageError(f"{error}, or {ALL}") from error
    return (word,)


def scenarios_of(word: str, save: bool) -> tuple[Scenario, ...]:
    """The scenarios that a word stands for.

    Raises:
        UsageError: there is no such scenario, or none from which a recommendation can be saved.
    """
    from edgecad.errors import UsageError

    chosen: tuple[Scenario, ...] = ("single-stream", "offline")
    if word != ALL:
        chosen = tuple(name for name in chosen if name == word)
    if not chosen:
        raise UsageError(
            f"no scenario is called {word!r}{did_you_mean(word, (*SCENARIOS, ALL))}; choose {', '.join(SCENARIOS)} "
            f"or {ALL}"
        )
    if save and "single-stream" not in chosen:
        raise UsageError("--save takes the fastest of one scan after another; leave --scenario out, or say "
                         "single-stream")  # fmt: skip
    return chosen


def bench_order(
    scenarios: tuple[Scenario, ...], runs: int | None, seconds: float | None, max_p95_ms: float | None, key: Path | None
) -> BenchOrder:
    """What each process is told; device and precision are still open.

    Raises:
        UsageError: the limit cannot be held against what is measured.
    """
    from edgecad.bench.percentiles import runs_needed
    from edgecad.bench.results import BenchOrder

    if max_p95_ms is not None:
        _check_limit(max_p95_ms, scenarios, runs)
    if seconds is None:
        seconds = 30 if runs is None else LONGEST
    least = runs_needed(90 if max_p95_ms is None else 95)
    return BenchOrder(
        model=None,
        device="",
        precision=None,
        begun=0.0,
        scenarios=scenarios,
        runs=runs,
        seconds=seconds,
        least=least,
        key=None if key is None else str(key),
    )


def _check_limit(max_p95_ms: float, scenarios: Sequence[Scenario], runs: int | None) -> None:
    from edgecad.bench.percentiles import runs_needed
    from edgecad.errors import UsageError

    if not 0 < max_p95_ms < float("inf"):
        raise UsageError(f"--max-p95-ms {max_p95_ms:g} limits nothing; give milliseconds, above 0")
    if "single-stream" not in scenarios:
        raise UsageError("--max-p95-ms is about one scan after another; leave --scenario out, or say single-stream")
    if runs is not None and runs < runs_needed(95):
        raise UsageError(
            f"--max-p95-ms with --runs {runs}: a 95th percentile takes {runs_needed(95)} answers; leave --runs out, or "
            "give as many"
        )


def executions_of(
    model: Path | None, precisions: Sequence[RunPrecision | None], key: Path | None
) -> Sequence[RunPrecision]:
    """Precisions beside those of files that a model was proven in; what cannot be used is said before anything else."""
    from edgecad.modelfiles.file import FILES, RUN_FILES, read_model

    contracts = [read_model(model, each, key).contract for each in precisions]
    return [each for each in RUN_FILES if each not in FILES and any(each in own.executions for own in contracts)]


def configurations_of(
    devices: Sequence[str], precisions: Sequence[RunPrecision | None], executions: Sequence[RunPrecision], named: bool
) -> list[Configuration]:
    """What is measured, device by device; beside the files' precisions those that a device can run an fp32 file in."""
    found: list[Configuration] = []
    for device in devices:
        able = () if device == AUTO or named else parse_device(device).device.executes
        found += [(device, each) for each in (*precisions, *(own for own in executions if own in able))]
    return found
