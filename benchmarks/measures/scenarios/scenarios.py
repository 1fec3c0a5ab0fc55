"""The three scenarios of one model: one scan at a time, all of a pile, scans that come when they come."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgecad.system.cores import usable_threads
from edgecad.system.parallel import share_for
from measures.models.kept import kept_model, model_in
from measures.scenarios.loadgen import SUMMARY, SYSTEM, LoadTest, SystemCounts, run
from measures.scenarios.options import OFFLINE, SERVER, SINGLE, Scenario, ScenarioOptions
from measures.scenarios.summary import LoadSummary, summary_from_text

SINGLE_PERCENTILE = 0.9
"""What MLPerf reports of SingleStream."""
OVER, TOO_SHORT = (1.25, 2.5, 5.0), "Min duration"
"""How far above the rate before the test LoadGen is told to expect, and what it says if that was not far enough: the
machine was busy when that rate was taken."""


class ScenarioRow(msgspec.Struct, frozen=True):
    """One test; `order` is the test without the place of the model, which is nobody's business."""

    order: dict[str, object]
    loadgen: LoadSummary
    system: SystemCounts
    held: bool


class Scenarios(msgspec.Struct, frozen=True):
    """All that was run.

    Attributes:
        refused: why a scenario does not count, by its name.
        server_rule: how Server's rate was chosen; `server_attempts` are the tests on the way to it.
    """

    backbone: str
    precision: str
    held: bool
    refused: dict[str, str]
    server_rule: str
    scenarios: dict[str, ScenarioRow]
    server_attempts: tuple[ScenarioRow, ...]


@dataclass(frozen=True)
class LoadOutcome:
    """What was tested, what LoadGen judged, what the system under test counted."""

    test: LoadTest
    summary: LoadSummary
    system: SystemCounts

    @property
    def held(self) -> bool:
        """Valid, and every screen answered as before the test."""
        return self.summary.valid and not (self.system.failed or self.system.other_score)

    @property
    def why_not(self) -> str:
        """LoadGen's reason, or ours; empty if it held."""
        if not self.summary.valid:
            return f"{self.summary.result or 'no result'}: {self.summary.reason}"
        return "" if self.held else f"answers failed or differed: {self.system}"

    def row(self) -> ScenarioRow:
        """As it is kept."""
        order = {name: value for name, value in msgspec.structs.asdict(self.test).items() if name != "model"}
        return ScenarioRow(order, self.summary, self.system, self.held)


def scenarios(options: ScenarioOptions) -> Scenarios:
    """Run what was asked for; Server comes after the Offline whose rate it is a share of."""
    chosen, attempts = set(options.scenarios), list[LoadOutcome]()
    outcomes: dict[Scenario, LoadOutcome] = {}
    if SINGLE in chosen:
        outcomes[SINGLE] = run_scenario(options, SINGLE, workers=1, percentile=SINGLE_PERCENTILE)
    if chosen & {OFFLINE, SERVER}:
        outcomes[OFFLINE] = run_scenario(options, OFFLINE, workers=_workers())
    if SERVER in chosen and outcomes[OFFLINE].held:
        attempts = _lowered(options, outcomes[OFFLINE].summary.a_second)
        outcomes[SERVER] = attempts[-1]
    _tell(options, outcomes)
    refused: dict[str, str] = {name: own.why_not for name, own in outcomes.items() if not own.held}
    return Scenarios(
        backbone=options.backbone,
        precision=options.precision,
        held=not refused,
        refused=refused,
        server_rule=_rule(options),
        scenarios={name: own.row() for name, own in outcomes.items()},
        server_attempts=tuple(own.row() for own in attempts),
    )


def _workers() -> int:
    """As many scans at a time as `edgecad infer` answers of a folder."""
    return share_for(usable_threads()).workers


def _rule(options: ScenarioOptions) -> str:
    shares = ", ".join(f"{share:.0%}" for share in options.shares)
    return (
        f"the first of {shares} of the Offline rate just before that is valid with {options.percentile:.0%} of the "
        f"answers within {options.bound:.0f} ms"
    )


def _lowered(options: ScenarioOptions, offline: float) -> list[LoadOutcome]:
    """Server at falling shares of the Offline rate, up to the first that is valid."""
    tried: list[LoadOutcome] = []
    for share in sorted(options.shares, reverse=True):
        rate = share * offline
        tried.append(run_scenario(options, SERVER, workers=_workers(), rate=rate, bound=options.bound))
        if tried[-1].held:
            break
    return tried


def run_scenario(
    options: ScenarioOptions,
    scenario: Scenario,
    workers: int,
    percentile: float | None = None,
    rate: float = 0.0,
    bound: float = 0.0,
) -> LoadOutcome:
    """Run one scenario, and again with more screens drawn beforehand where there were too few to fill its time."""
    model = options.model or model_in(kept_model(options.backbone, options.models))
    test = LoadTest(
        scenario, str(model.resolve()), options.precision, options.screens, workers, options.seconds,
        options.queries, percentile or options.percentile, rate, bound,
    )  # fmt: skip
    for over in OVER:
        outcome = _outcome(msgspec.structs.replace(test, over=over))
        if outcome.held or TOO_SHORT not in outcome.summary.reason:
            break
    return outcome


def _outcome(test: LoadTest) -> LoadOutcome:
    with tempfile.TemporaryDirectory() as name:
        run(test, Path(name))
        summary = summary_from_text((Path(name) / SUMMARY).read_text())
        counts = msgspec.json.decode((Path(name) / SYSTEM).read_bytes(), type=SystemCounts)
    outcome = LoadOutcome(test, summary, counts)
    at = f" at {test.rate:.1f} a second" if test.rate else ""
    print(f"{test.scenario}{at}: {outcome.why_not or 'valid'}", file=sys.stderr, flush=True)
    return outcome


def _tell(options: ScenarioOptions, outcomes: Mapping[Scenario, LoadOutcome]) -> None:
    titles = ("network", "scenario", "precision", "workers x threads", "LoadGen", "screens a second", "target",
              "p50 ms", "p90 ms", "p99 ms", "early stopping")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, own in outcomes.items():
        # All screens of Offline are sent at once, so that their latency is their place in the pile.
        p50, p90, p99 = (
            "" if name == OFFLINE else f"{own.summary.latency_ms.get(at, float('nan')):.1f}"
            for at in ("50.00", "90.00", "99.00")
        )
        test = own.test
        target = f"{test.rate:.1f}, p{100 * test.percentile:g} <= {test.bound:g} ms" if test.rate else ""
        print(
            f"| {options.backbone} | {name} | {own.system.precision} "
            f"| {test.workers} x {own.system.threads_a_worker} | {own.summary.result or 'no result'} "
            f"| {own.summary.a_second:.1f} | {target} | {p50} | {p90} | {p99} "
            f"| {'; '.join(own.summary.early_stopping)} |"
        )
