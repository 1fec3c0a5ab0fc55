"""A score with its heat map: ours against automatic differentiation, and against our score alone."""

from __future__ import annotations

import numpy as np

from measures.inference.bars import Bar, judged
from measures.inference.networks import Comparison
from measures.inference.options import OURS as FP32
from measures.inference.options import InferenceOptions
from measures.inference.rows import answers_of, rows_of, span_of, tell_end, words_of, wrong_in
from measures.models.kept import kept_model
from measures.peers.messages import PeerAnswer
from measures.peers.processes import opened
from measures.peers.turns import TimedWay, noise, take_turns

OURS, ALONE = "score and map", "score alone"
GRAD_CAM, GRAD_CAM_XLA = "Grad-CAM, TF function", "Grad-CAM, TF with XLA"
BARS = (Bar((GRAD_CAM,), (OURS,), at_least=2.5), Bar((OURS,), (ALONE,), at_most=1.02))
WAYS = (
    TimedWay(OURS, FP32, "explained"),
    TimedWay(ALONE, FP32, "score"),
    TimedWay(GRAD_CAM, GRAD_CAM, "explained"),
    TimedWay(GRAD_CAM_XLA, GRAD_CAM_XLA, "explained"),
)


def explanation(options: InferenceOptions, backbone: str) -> Comparison:
    """Ours, ours without the map from the same session, and Grad-CAM in compiled functions, in turn."""
    names = [*dict.fromkeys(entry.peer for entry in WAYS)]
    with opened(names, kept_model(backbone, options.models).resolve()) as peers:
        answers = answers_of(peers)
        taken = take_turns(peers, WAYS, options.turns, options.runs)
        missing = peers.missing
    ours = answers.pop(FP32, ())
    rows = rows_of(taken, {OURS: [_raised(answer) for answer in ours], **answers}, OURS)
    noisy = noise(taken)
    found = Comparison(
        backbone, options.turns, options.runs, len(ours), span_of(ours), rows, missing, judged(BARS, taken),
        wrong_in(rows), bool(noisy), noisy,
    )  # fmt: skip
    _tell(found)
    return found


def _raised(answer: PeerAnswer) -> PeerAnswer:
    """Grad-CAM ends in a ReLU: what lowers the score is not in it."""
    return PeerAnswer(answer.probability, np.maximum(np.array(answer.heatmap), 0).tolist())


def _tell(found: Comparison) -> None:
    print(f"\n{found.backbone}")
    titles = ("what", "ms (quartiles)", "in ours (quartiles)", "d score", "map, correlation")
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found.rows.items():
        difference = "" if row.probability is None else f"{row.probability:.1e}"
        heatmap = "" if row.heatmap is None else f"{row.heatmap:.4f}"
        print(f"| {name} | {row.milliseconds.words()} | {words_of(row.of_ours)} | {difference} | {heatmap} |")
    tell_end(found.missing, found.bars, found.noisy_because, len(titles), found.wrong, found.probabilities_span)
