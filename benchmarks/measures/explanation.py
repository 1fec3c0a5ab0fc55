"""A score with its heat map: ours against automatic differentiation, and against our score alone."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np

from measures.apart import Asked, opened, take_turns
from measures.bars import Bar, judged
from measures.kept import kept_model
from measures.networks import answers_of, noisy, rows_of, span_of, tell_end, told_of, wrong_in

OURS, ALONE = "score and map", "score alone"
GRAD_CAM, GRAD_CAM_XLA = "Grad-CAM, TF function", "Grad-CAM, TF with XLA"
BARS = (Bar((GRAD_CAM,), (OURS,), at_least=2.5), Bar((OURS,), (ALONE,), at_most=1.02))
ASKED = (
    Asked(OURS, "EdgeCAD fp32", "explained"),
    Asked(ALONE, "EdgeCAD fp32", "score"),
    Asked(GRAD_CAM, GRAD_CAM, "explained"),
    Asked(GRAD_CAM_XLA, GRAD_CAM_XLA, "explained"),
)
Found = dict[str, Any]


def explanation(arguments: Namespace, backbone: str) -> Found:
    """Ours, ours without the map from the same session, and Grad-CAM in compiled functions, in turn."""
    job = {"place": str(kept_model(backbone, arguments.models).resolve())}
    with opened([*dict.fromkeys(entry.peer for entry in ASKED)], job) as peers:
        answers = answers_of(peers)
        taken = take_turns(peers, ASKED, arguments.turns, arguments.runs)
        missing = peers.missing
    ours = answers.pop("EdgeCAD fp32", [])
    # Grad-CAM ends in a ReLU: what lowers the score is not in it.
    raised = [answer | {"heatmap": np.maximum(answer["heatmap"], 0).tolist()} for answer in ours]
    rows = rows_of(taken, {OURS: raised, **answers}, OURS)
    found = {
        "backbone": backbone, "turns": arguments.turns, "runs_a_turn": arguments.runs, "images": len(ours),
        "probabilities_span": span_of(ours), "rows": rows, "missing": missing, "bars": judged(BARS, taken),
        "wrong": wrong_in(rows),
    } | noisy(rows)  # fmt: skip
    _tell(found)
    return found


def _tell(found: Found) -> None:
    print(f"\n{found['backbone']}")
    titles = ("what", "ms (quartiles)", "in ours (quartiles)", "d score", "map, correlation")
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found["rows"].items():
        compared = [
            f"{row[key]:{form}}" if key in row else "" for key, form in (("probability", ".1e"), ("heatmap", ".4f"))
        ]
        print(f"| {name} | {told_of(row['milliseconds'])} | {told_of(row.get('of_ours'))} | {' | '.join(compared)} |")
    tell_end(found, len(titles))
