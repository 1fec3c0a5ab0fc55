"""One network, one image at a time, in every engine that a user could have taken."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgecad.answer.heatmap import agreement
from measures.apart import Asked, Opened, PeerFailed, Turns, noise, opened, ratios, take_turns
from measures.bars import Bar, judged, tell_bars
from measures.kept import kept_model
from measures.processes import quartiles

OURS = "EdgeCAD fp32"
NETWORKS_PEERS = (
    OURS, "EdgeCAD fp16", "EdgeCAD int8", "onnxruntime fp32", "OpenVINO fp32", "OpenVINO bf16",
    "OpenVINO int8, its own", "OpenVINO on our int8", "LiteRT fp32", "Keras predict", "TF function", "TF with XLA",
)  # fmt: skip
MAKERS = ("make OpenVINO int8, its own", "make LiteRT fp32")
INT8_TIMES = {"resnet152v2": 2.3, "resnet50v2": 2.3, "mobilenetv2": 1.6}
TOLD_APART = 1e-3
"""Span of our probabilities over the images below which sameness of answers says little: all images get one answer."""
SAME = 1e-4
"""Of a probability: further apart are not two fp32 engines on one network, only on two."""
Found = dict[str, Any]


def bars_of(backbone: str) -> list[Bar]:
    """What is wanted of a network."""
    bars = [
        Bar((OURS,), ("onnxruntime fp32",), at_most=1.03),
        Bar((OURS,), ("OpenVINO fp32",), at_most=1.0),
        Bar(("OpenVINO bf16", "OpenVINO int8, its own"), ("EdgeCAD int8",), at_least=1.0),
    ]
    if backbone in INT8_TIMES:
        bars.append(Bar((OURS,), ("EdgeCAD int8",), at_least=INT8_TIMES[backbone]))
    if backbone == "resnet152v2":
        bars.append(Bar(("TF function",), (OURS,), at_least=2.0))
        bars.append(Bar(("Keras predict",), (OURS,), at_least=2.5))
    return bars


def networks(arguments: Namespace, backbone: str) -> Found:
    """Every engine on the same weights, images and threads, each in a process of its own, in turn."""
    names = arguments.peers or NETWORKS_PEERS
    makers = [maker for maker in MAKERS if maker.removeprefix("make ") in names]
    job = {"place": str(kept_model(backbone, arguments.models).resolve())}
    with opened(names, job, makers) as peers:
        answers = answers_of(peers)
        starts = {name: peer.ready_seconds for name, peer in peers.peers.items()}
        about = {name: peer.told["about"] for name, peer in peers.peers.items()}
        asked = [Asked(name, name, "answer") for name in names]
        taken = take_turns(peers, asked, arguments.turns, arguments.runs)
        missing = peers.missing
    rows = rows_of(taken, answers, OURS)
    for name, row in rows.items():
        row |= {"ready_seconds": starts[name], "about": about[name]}
    found = {
        "backbone": backbone, "turns": arguments.turns, "runs_a_turn": arguments.runs,
        "images": len(answers.get(OURS, ())), "probabilities_span": span_of(answers.get(OURS, ())),
        "rows": rows, "missing": missing, "bars": judged(bars_of(backbone), taken),
        "wrong": wrong_in(rows),
    } | noisy(rows)  # fmt: skip
    _tell(found)
    return found


def answers_of(peers: Opened) -> dict[str, list[Found]]:
    """What every peer says of every image; one that cannot moves to the missing ones."""
    answers = {}
    for name, peer in [*peers.peers.items()]:
        try:
            answers[name] = peer.ask(do="answers")["answers"]
        except PeerFailed as failure:
            peers.missing[name] = str(failure)
            del peers.peers[name]
    return answers


def rows_of(taken: Mapping[str, Turns], answers: Mapping[str, list[Found]], ours: str) -> dict[str, Found]:
    """Times of each row, in ours too, and how far its answers are from ours."""
    rows = {}
    for name, turns in taken.items():
        rows[name] = turns.told()
        if ours in taken:
            rows[name]["of_ours"] = quartiles(ratios(turns, taken[ours]))
        if ours in answers and name in answers:
            rows[name] |= differences(answers[ours], answers[name])
    return rows


def differences(ours: Sequence[Found], theirs: Sequence[Found]) -> Found:
    """Largest difference of a probability, and the least alike pair of heat maps where there are any."""
    pairs = [*zip(ours, theirs, strict=True)]
    found: Found = {"probability": max(abs(one["probability"] - other["probability"]) for one, other in pairs)}
    maps = [(one["heatmap"], other["heatmap"]) for one, other in pairs]
    if all(one is not None and other is not None for one, other in maps):
        found["heatmap"] = min(_alike(np.array(one), np.array(other)) for one, other in maps)
    return found


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    """Agreement of two maps, what differs measured by the first one's largest value."""
    return agreement(one, other, max(0.01, float(np.abs(one).max())))


def wrong_in(rows: Mapping[str, Found]) -> list[str]:
    """Rows of full precision whose answers are not ours: their times are those of another network."""
    full = [name for name in rows if not any(narrow in name for narrow in ("int8", "bf16", "fp16"))]
    return [name for name in full if rows[name].get("probability", 0.0) > SAME]


def span_of(answers: Sequence[Found]) -> float | None:
    """How far apart our own probabilities of different images lie."""
    own = [answer["probability"] for answer in answers]
    return max(own) - min(own) if own else None


def noisy(rows: Mapping[str, Found]) -> Found:
    """Whether the machine was busy, and how that was seen."""
    reasons = noise(rows)
    return {"noisy": bool(reasons), "noisy_because": reasons}


def _tell(found: Found) -> None:
    print(f"\n{found['backbone']}")
    titles = ("engine", "ms (quartiles)", "in our fp32's (quartiles)", "d score", "heat map", "GB", "ready, s")
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found["rows"].items():
        heatmap = f"{row['heatmap']:.4f}" if "heatmap" in row else "none"
        difference = f"{row['probability']:.1e}" if "probability" in row else "not compared"
        remark = f" ({row['about']['remark']})" if "remark" in row["about"] else ""
        print(
            f"| {name}{remark} | {told_of(row['milliseconds'])} | {told_of(row.get('of_ours'))} | {difference} "
            f"| {heatmap} | {row['peak_GB'] or 0:.2f} | {row['ready_seconds']:.1f} |"
        )
    tell_end(found, len(titles))


def told_of(own: Mapping[str, float] | None) -> str:
    """Median and quartiles in words."""
    return "none" if own is None else f"{own['median']:.2f} ({own['low']:.2f}-{own['high']:.2f})"


def tell_end(found: Found, columns: int) -> None:
    """Who is missing, what was wanted, and what to mind."""
    for name, reason in found["missing"].items():
        print(f"| {name} | {reason} {'|' * (columns - 1)}")
    tell_bars(found["bars"])
    for reason in found["noisy_because"]:
        print(f"NOISY: {reason}")
    for name in found.get("wrong", ()):
        print(f"WRONG: {name} gives other answers, so its times are not to be compared")
    span = found.get("probabilities_span")
    if span is not None and span < TOLD_APART:
        print(f"All images get one answer (span {span:.1e}): that others give it as well says little.", flush=True)
