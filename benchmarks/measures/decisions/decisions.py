"""Runs on phantoms, each judged on fresh ones at its own threshold and at one that its scores choose again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from measures.decisions.options import DecisionOptions
from measures.decisions.runs import judged_run, run_in

if TYPE_CHECKING:
    from edgecad.contract import Contract, OperatingPoint
    from edgecad.decision.rules import Rule

GOOD, FINE, LOW = 0.6, 0.75, 0.5
"""Sensitivity or specificity: enough, so good that a warning is a false alarm, and too low to go unsaid."""
ABOUT_THE_POINT = {"operating-point-useless", "operating-point-weak"}
SAID_OF_A_RULE = {*ABOUT_THE_POINT, "operating-point-refused"}
Rates = tuple[float, float]
"""Sensitivity and specificity, 0 to 1."""


@dataclass(frozen=True)
class DrawnPatients:
    """Patients: `truth` `(n,)` by label, `drawn` `(n,)` before reader noise, `log_odds` `(n,)` before temperature."""

    truth: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    log_odds: NDArray[np.float64]


class JudgedRule(msgspec.Struct, frozen=True):
    """One threshold on fresh phantoms.

    Attributes:
        rule: by which it was chosen.
        by_label, by_drawn_truth: on the fresh phantoms.
        said: on the held-out patients that chose.
        warnings: codes of the contract's doubts.
    """

    rule: str
    by_label: Rates
    by_drawn_truth: Rates
    said: Rates
    warnings: tuple[str, ...]

    def words(self) -> str:
        """For people."""
        label, drawn, said = (
            "/".join(f"{v:.2f}" for v in own) for own in (self.by_label, self.by_drawn_truth, self.said)
        )
        return f"{self.rule:18s} {label} [{drawn}], said {said}; {', '.join(self.warnings) or 'no warning'}"


class DecisionRow(msgspec.Struct, frozen=True):
    """One run: its own threshold, and the one that its held-out scores choose by the other rule."""

    seed: int
    held_out_auc: float
    own: JudgedRule
    again: JudgedRule


class CountedClaim(msgspec.Struct, frozen=True):
    """In how many of how many it was so, and whether that is the share that was claimed."""

    what: str
    count: int
    of: int
    held: bool


class Decisions(msgspec.Struct, frozen=True):
    """All runs, and what is claimed of them."""

    backbone: str
    patients: int
    fresh: int
    again: str
    rows: tuple[DecisionRow, ...]
    lines: tuple[CountedClaim, ...]

    def words(self) -> Iterator[str]:
        """The table and the counts, for people."""
        yield f"PHANTOMS: sensitivity/specificity on {self.fresh} fresh ones by label [by what was drawn]"
        for row in self.rows:
            yield f"  seed {row.seed}, held-out AUC {row.held_out_auc:.3f}"
            yield from (f"    {own.words()}" for own in (row.own, row.again))
        for line in self.lines:
            yield f"{line.count} of {line.of}: {line.what}: {'held' if line.held else 'MISSED'}"


def decisions(options: DecisionOptions) -> Decisions:
    """Train, judge and decide again, a run a seed; and count what is claimed."""
    from edgecad.decision.rules import rule_from_words

    again = rule_from_words(options.again)
    rows = []
    for seed in range(options.runs):
        rows.append(_row(seed, judged_run(seed, options), again))
        print(f"run {seed + 1} of {options.runs}: {rows[-1].own.words()}", flush=True)
    lines = tuple(claims(rows, options.again))
    return Decisions(options.backbone, options.patients, options.fresh, options.again, tuple(rows), lines)


def _row(seed: int, place: Path, again: Rule) -> DecisionRow:
    from msgspec.structs import replace

    from edgecad.contract import contract_from_json
    from edgecad_train.evaluation.decision.choice import choose_decision

    run = run_in(place)
    contract = contract_from_json((run / "contract.json").read_bytes())
    evidence = contract.decision.evidence
    if evidence is None:
        raise SystemExit(f"{run} has no evidence in its contract: remove {place}, and measure again")
    held = _scores(run / "predictions.csv", place / "data", evidence.part)
    fresh = _scores(place / "judged" / "predictions.csv", place / "fresh")
    other = choose_decision(held.log_odds, held.truth, evidence.part, again)
    if other.evidence is None:
        raise SystemExit("a rule that patients choose by leaves evidence")
    point = other.evidence.refused or other.evidence.point
    auc = next(m.value for m in contract.metrics if (m.name, m.part) == ("auc", evidence.part))
    own = _judged(contract, evidence.point, contract.decision.threshold, fresh)
    return DecisionRow(seed, auc, own, _judged(replace(contract, decision=other), point, point.threshold, fresh))


def _judged(contract: Contract, point: OperatingPoint, threshold: float, fresh: DrawnPatients) -> JudgedRule:
    from edgecad.answer.findings import doubts_about

    by_label, by_drawn = _rates(fresh, contract.decision.temperature, threshold)
    said = (point.sensitivity.value, point.specificity.value)
    return JudgedRule(point.rule, by_label, by_drawn, said, tuple(doubt.code for doubt in doubts_about(contract)))


def _scores(predictions: Path, data: Path, part: str | None = None) -> DrawnPatients:
    """Patients of a predictions.csv, of one part or all, with what was drawn of them."""
    with (data / "labels.csv").open(newline="", encoding="utf-8") as file:
        drawn = {line["patient"]: line["noiseless_label"] for line in csv.DictReader(file)}
    with predictions.open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if part is None or line["part"] == part]
    return DrawnPatients(
        np.array([line["label"] == "CAD" for line in lines]),
        np.array([drawn[line["patient"]] == "CAD" for line in lines]),
        np.array([float(line["log_odds"]) for line in lines]),
    )


def _rates(patients: DrawnPatients, temperature: float, threshold: float) -> tuple[Rates, Rates]:
    """By label, and by what was drawn."""
    called = 1 / (1 + np.exp(-patients.log_odds / temperature)) >= threshold
    by_label, by_drawn = (
        (float(called[truth].mean()), float((~called[~truth]).mean())) for truth in (patients.truth, patients.drawn)
    )
    return by_label, by_drawn


def claims(rows: Sequence[DecisionRow], again: str) -> Iterator[CountedClaim]:
    """What is claimed of runs, counted."""
    own, other = [row.own for row in rows], [row.again for row in rows]
    good = [min(one.by_label) >= GOOD or bool(ABOUT_THE_POINT & {*one.warnings}) for one in own]
    yield _claim(f"both at least {GOOD}, or the warning stands", good, 0.9)
    fine = [not ABOUT_THE_POINT & {*one.warnings} for one in own if min(one.by_label) >= FINE]
    yield _claim(f"no warning about the operating point where both are {FINE} or more", fine, 0.9)
    low = [bool(SAID_OF_A_RULE & {*one.warnings}) for one in other if one.by_label[1] < LOW]
    what = f"{again}: refused or warned of where its specificity is below {LOW}, all but one"
    yield CountedClaim(what, sum(low), len(low), len(low) - sum(low) <= 1)


def _claim(what: str, held: Sequence[bool], share: float) -> CountedClaim:
    return CountedClaim(what, sum(held), len(held), sum(held) >= share * len(held))
