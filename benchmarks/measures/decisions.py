"""Runs on phantoms, each judged on fresh ones at its own threshold and at one that its scores choose again."""

from __future__ import annotations

import csv
import shutil
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measures.command import run_command

GOOD, FINE, LOW = 0.6, 0.75, 0.5
"""Sensitivity or specificity: enough, so good that a warning is a false alarm, and too low to go unsaid."""
ABOUT_THE_POINT = {"operating-point-useless", "operating-point-weak"}
SAID_OF_A_WANTED_ONE = {*ABOUT_THE_POINT, "operating-point-refused"}
FRESH_SEED = 10_000
"""Added to a run's seed for the phantoms that judge it."""
Found = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """Patients: `truth` `(n,)` by label, `drawn` `(n,)` before reader noise, `log_odds` `(n,)` before temperature."""

    truth: np.ndarray
    drawn: np.ndarray
    log_odds: np.ndarray


def decisions(arguments: Namespace) -> Found:
    """Train, judge and decide again, a run a seed; and count what is claimed."""
    from edgecad.decision.rules import rule_from_words

    again = rule_from_words(arguments.again)
    rows = []
    for seed in range(arguments.runs):
        place = judged_run(seed, arguments)
        rows.append(_row(seed, place, again))
        print(f"run {seed + 1} of {arguments.runs}: {_words(rows[-1]['own'])}", flush=True)
    return {
        "backbone": arguments.backbone, "patients": arguments.patients, "fresh": arguments.fresh,
        "again": arguments.again, "rows": rows, "lines": [*_claims(rows, arguments.again)],
    }  # fmt: skip


EDGECAD = ("-m", "edgecad")


def trained_run(seed: int, arguments: Namespace, *options: str) -> Path:
    """The folder of a seed with `data` and `runs/latest`, each made if need be.

    Args:
        options: of `edgecad train`, each with its value; they name the folder as well.
    """
    kind = "-".join((arguments.backbone, str(arguments.patients), *options[1::2]))
    place = arguments.kept.absolute() / kind / f"seed-{seed}"
    place.mkdir(parents=True, exist_ok=True)
    _phantoms(place, "data", arguments.patients, seed)
    if not (place / "runs" / "latest").is_file():
        shutil.rmtree(place / "runs", ignore_errors=True)
        words = [*EDGECAD, "train", "data", "--backbone", arguments.backbone, "--weights", _weights(arguments.weights)]
        more = [word if index % 2 else f"--{word}" for index, word in enumerate(arguments.train_options)]
        run_command([*words, "--seed", seed, "--quiet", *options, *more], place)
    return place


def judged_run(seed: int, arguments: Namespace) -> Path:
    """The folder of a seed with `fresh` and `judged` as well."""
    place = trained_run(seed, arguments)
    _phantoms(place, "fresh", arguments.fresh, FRESH_SEED + seed)
    if not (place / "judged" / "predictions.csv").is_file():
        shutil.rmtree(place / "judged", ignore_errors=True)
        run_command([*EDGECAD, "evaluate", "runs/latest", "fresh", "--out", "judged", "--quiet"], place)
    return place


def _phantoms(place: Path, name: str, count: int, seed: int) -> None:
    if not (place / name / "labels.csv").is_file():
        shutil.rmtree(place / name, ignore_errors=True)  # what a kill left of it
        run_command([*EDGECAD, "phantom", name, "--patients", count, "--seed", seed, "--quiet"], place)


def _weights(word: str) -> str:
    return word if word in ("none", "imagenet") else str(Path(word).absolute())


def _row(seed: int, place: Path, again: Any) -> Found:
    """One run: its own threshold, and the one that its held-out scores choose by the other rule."""
    from msgspec.structs import replace

    from edgecad.answer.findings import doubts_about
    from edgecad.contract import contract_from_json
    from edgecad_train.evaluation.decision.choice import choose_decision

    run = place / "runs" / (place / "runs" / "latest").read_text().strip()
    contract = contract_from_json((run / "contract.json").read_bytes())
    evidence = contract.decision.evidence
    if evidence is None:
        raise SystemExit(f"{run} has no evidence in its contract: remove {place}, and measure again")
    held = _scored(run / "predictions.csv", place / "data", evidence.part)
    fresh = _scored(place / "judged" / "predictions.csv", place / "fresh")
    other = choose_decision(held.log_odds, held.truth, evidence.part, again)
    if other.evidence is None:
        raise SystemExit("a rule that patients choose by leaves evidence")
    wanted = other.evidence.refused or other.evidence.point
    own, changed = contract, replace(contract, decision=other)
    return {
        "seed": seed,
        "held_out_auc": next(m.value for m in own.metrics if (m.name, m.part) == ("auc", evidence.part)),
        "own": {
            "rule": evidence.point.rule, **_rates(fresh, own.decision.temperature, own.decision.threshold),
            "said": [evidence.point.sensitivity.value, evidence.point.specificity.value],
            "warnings": [doubt.code for doubt in doubts_about(own)],
        },
        "again": {
            "rule": wanted.rule, **_rates(fresh, other.temperature, wanted.threshold),
            "said": [wanted.sensitivity.value, wanted.specificity.value],
            "warnings": [doubt.code for doubt in doubts_about(changed)],
        },
    }  # fmt: skip


def _scored(predictions: Path, data: Path, part: str | None = None) -> Scored:
    """Patients of a predictions.csv, of one part or all, with what was drawn of them."""
    with (data / "labels.csv").open(newline="", encoding="utf-8") as file:
        drawn = {line["patient"]: line["noiseless_label"] for line in csv.DictReader(file)}
    with predictions.open(newline="", encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if part is None or line["part"] == part]
    return Scored(
        np.array([line["label"] == "CAD" for line in lines]),
        np.array([drawn[line["patient"]] == "CAD" for line in lines]),
        np.array([float(line["log_odds"]) for line in lines]),
    )


def _rates(patients: Scored, temperature: float, threshold: float) -> Found:
    """Sensitivity and specificity by label, and by what was drawn."""
    said = 1 / (1 + np.exp(-patients.log_odds / temperature)) >= threshold
    both = {"by_label": patients.truth, "by_drawn_truth": patients.drawn}
    return {name: [float(said[truth].mean()), float((~said[~truth]).mean())] for name, truth in both.items()}


def _claims(rows: Sequence[Found], again: str) -> Iterator[Found]:
    own, other = [row["own"] for row in rows], [row["again"] for row in rows]
    good = [min(one["by_label"]) >= GOOD or bool(ABOUT_THE_POINT & {*one["warnings"]}) for one in own]
    yield _claim(f"both at least {GOOD}, or the warning stands", good, 0.9)
    fine = [not ABOUT_THE_POINT & {*one["warnings"]} for one in own if min(one["by_label"]) >= FINE]
    yield _claim(f"no warning about the operating point where both are {FINE} or more", fine, 0.9)
    low = [bool(SAID_OF_A_WANTED_ONE & {*one["warnings"]}) for one in other if one["by_label"][1] < LOW]
    claim = _claim(f"{again}: refused or warned of where its specificity is below {LOW}, all but one", low, 1.0)
    yield {**claim, "held": claim["of"] - claim["count"] <= 1}


def _claim(what: str, held: Sequence[bool], share: float) -> Found:
    """A line: in how many of how many it was so, and whether that is the share that was wanted."""
    return {"what": what, "count": sum(held), "of": len(held), "held": sum(held) >= share * len(held)}


def lines_of(found: Found) -> Iterator[str]:
    """The table and the counts, for people."""
    yield f"PHANTOMS: sensitivity/specificity on {found['fresh']} fresh ones by label [by what was drawn]"
    for row in found["rows"]:
        yield f"  seed {row['seed']}, held-out AUC {row['held_out_auc']:.3f}"
        yield from (f"    {_words(row[which])}" for which in ("own", "again"))
    for line in found["lines"]:
        yield f"{line['count']} of {line['of']}: {line['what']}: {'held' if line['held'] else 'MISSED'}"


def _words(one: Found) -> str:
    label, drawn, said = ("/".join(f"{v:.2f}" for v in one[key]) for key in ("by_label", "by_drawn_truth", "said"))
    return f"{one['rule']:18s} {label} [{drawn}], said {said}; {', '.join(one['warnings']) or 'no warning'}"
