"""The three scenarios of one model: one scan at a time, all of a pile, scans that come when they come."""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import Namespace
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edgecad.system.cores import usable_threads
from edgecad.system.parallel import share_for
from measures.kept import kept_model, model_in
from measures.loadgen import OFFLINE, SERVER, SINGLE, SYSTEM, Order, run
from measures.loadgen import SUMMARY as SUMMARY_FILE
from measures.loadgen_summary import Summary, facts, summary_from_text

Found = dict[str, Any]
SINGLE_PERCENTILE = 0.9
"""What MLPerf reports of SingleStream."""
OVER, TOO_SHORT = (1.25, 2.5, 5.0), "Min duration"
"""How far above the rate before the test LoadGen is told to expect, and what it says if that was not far enough: the
machine was busy when that rate was taken."""


@dataclass(frozen=True)
class Outcome:
    """What was ordered, what LoadGen judged, what the system under test counted."""

    order: Order
    summary: Summary
    system: Found

    @property
    def held(self) -> bool:
        """Valid, and every screen answered as before the test."""
        return self.summary.valid and not (self.system["failed"] or self.system["other_score"])

    @property
    def why_not(self) -> str:
        """LoadGen's reason, or ours; empty if it held."""
        if not self.summary.valid:
            return f"{self.summary.result or 'no result'}: {self.summary.reason}"
        return "" if self.held else f"answers failed or differed: {self.system}"

    def row(self) -> Found:
        """For a JSON file; where the model lay is nobody's business."""
        order = {name: value for name, value in asdict(self.order).items() if name != "model"}
        return {"order": order, "loadgen": facts(self.summary), "system": self.system, "held": self.held}


def scenarios(arguments: Namespace) -> Found:
    """Run what was asked for; Server comes after the Offline whose rate it is a share of."""
    wanted, outcomes, attempts = set(arguments.scenarios), {}, []
    if SINGLE in wanted:
        outcomes[SINGLE] = _ordered(arguments, SINGLE, workers=1, percentile=SINGLE_PERCENTILE)
    if wanted & {OFFLINE, SERVER}:
        outcomes[OFFLINE] = _ordered(arguments, OFFLINE, workers=_workers())
    if SERVER in wanted and outcomes[OFFLINE].held:
        attempts = _lowered(arguments, outcomes[OFFLINE].summary.a_second)
        outcomes[SERVER] = attempts[-1]
    _tell(arguments, outcomes)
    refused = {name: own.why_not for name, own in outcomes.items() if not own.held}
    return {
        "backbone": arguments.backbone, "precision": arguments.precision, "held": not refused, "refused": refused,
        "server_rule": _rule(arguments), "scenarios": {name: own.row() for name, own in outcomes.items()},
        "server_attempts": [own.row() for own in attempts],
    }  # fmt: skip


def _workers() -> int:
    """As many scans at a time as `edgecad infer` answers of a folder."""
    return share_for(usable_threads()).workers


def _rule(arguments: Namespace) -> str:
    shares = ", ".join(f"{share:.0%}" for share in arguments.shares)
    return (
        f"the first of {shares} of the Offline rate just before that is valid with {arguments.percentile:.0%} of the "
        f"answers within {arguments.bound:.0f} ms"
    )


def _lowered(arguments: Namespace, offline: float) -> list[Outcome]:
    """Server at falling shares of the Offline rate, up to the first that is valid."""
    tried: list[Outcome] = []
    for share in sorted(arguments.shares, reverse=True):
        rate = share * offline
        tried.append(_ordered(arguments, SERVER, workers=_workers(), rate=rate, bound=arguments.bound))
        if tried[-1].held:
            break
    return tried


def _ordered(
    arguments: Namespace,
    scenario: str,
    workers: int,
    percentile: float | None = None,
    rate: float = 0.0,
    bound: float = 0.0,
) -> Outcome:
    """Run one scenario, and again with more screens drawn beforehand where there were too few to fill its time."""
    model = arguments.model or model_in(kept_model(arguments.backbone, arguments.models))
    order = Order(
        scenario, str(model.resolve()), arguments.precision, arguments.screens, workers, arguments.seconds,
        arguments.queries, percentile or arguments.percentile, rate, bound,
    )  # fmt: skip
    for over in OVER:
        outcome = _outcome(replace(order, over=over))
        if outcome.held or TOO_SHORT not in outcome.summary.reason:
            break
    return outcome


def _outcome(order: Order) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        run(order, Path(name))
        summary = summary_from_text((Path(name) / SUMMARY_FILE).read_text())
        outcome = Outcome(order, summary, json.loads((Path(name) / SYSTEM).read_text()))
    asked = f" at {order.rate:.1f} a second" if order.rate else ""
    print(f"{order.scenario}{asked}: {outcome.why_not or 'valid'}", file=sys.stderr, flush=True)
    return outcome


def _tell(arguments: Namespace, outcomes: dict[str, Outcome]) -> None:
    titles = ("network", "scenario", "precision", "workers x threads", "LoadGen", "screens a second", "target",
              "p50 ms", "p90 ms", "p99 ms", "early stopping")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, own in outcomes.items():
        # All screens of Offline are sent at once, so that their latency is their place in the pile.
        p50, p90, p99 = (
            "" if name == OFFLINE else f"{own.summary.latency_ms.get(at, float('nan')):.1f}"
            for at in ("50.00", "90.00", "99.00")
        )
        target = (
            f"{own.order.rate:.1f}, p{100 * own.order.percentile:g} <= {own.order.bound:g} ms" if own.order.rate else ""
        )
        print(
            f"| {arguments.backbone} | {name} | {own.system['precision']} "
            f"| {own.order.workers} x {own.system['threads_a_worker']} | {own.summary.result or 'no result'} "
            f"| {own.summary.a_second:.1f} | {target} | {p50} | {p90} | {p99} "
            f"| {'; '.join(own.summary.early_stopping)} |"
        )
