"""One network, one image at a time, in every engine that a user could have taken."""

from __future__ import annotations

import msgspec

from measures.inference.bars import Bar, JudgedBar, judged
from measures.inference.options import NNCF, OURS, PROVEN, InferenceOptions
from measures.inference.rows import PeerRow, answers_of, rows_of, span_of, tell_end, words_of, wrong_in
from measures.models.kept import kept_model
from measures.peers.processes import opened
from measures.peers.turns import TimedWay, noise, take_turns

MAKERS = ("make OpenVINO int8, its own", "make LiteRT fp32")
NNCF_SPEED = {"resnet50v2": 0.95, "resnet152v2": 0.95}
"""Share of the speed of OpenVINO's own int8 that our fastest proven one must have."""
BEST = "our fastest that is proven"
INT8_TIMES = {"resnet152v2": 2.3, "resnet50v2": 2.3, "mobilenetv2": 1.6}


class Comparison(msgspec.Struct, frozen=True):
    """Peers on one network.

    Attributes:
        images: how many were answered.
        probabilities_span: how far apart our answers to them lie.
        missing: peers that are not here, and why.
        wrong: rows whose answers are those of another network.
    """

    backbone: str
    turns: int
    runs_a_turn: int
    images: int
    probabilities_span: float | None
    rows: dict[str, PeerRow]
    missing: dict[str, str]
    bars: tuple[JudgedBar, ...]
    wrong: tuple[str, ...]
    noisy: bool
    noisy_because: tuple[str, ...]


def bars_of(backbone: str) -> list[Bar]:
    """Bounds of a network."""
    bars = [
        Bar((OURS,), ("onnxruntime fp32",), at_most=1.03),
        Bar((OURS,), ("OpenVINO fp32",), at_most=1.0),
        Bar(("OpenVINO bf16", NNCF), (OURS, *PROVEN), at_least=1.0, among=BEST),
        *(
            Bar((f"EdgeCAD on OpenVINO {own}",), (bare,), at_most=1.05)
            for own, bare in (("fp32", "OpenVINO fp32"), ("bf16", "OpenVINO bf16"), ("int8", "OpenVINO on our int8"))
        ),
    ]
    if backbone in NNCF_SPEED:
        bars.append(Bar((NNCF,), (OURS, *PROVEN), at_least=NNCF_SPEED[backbone], among=BEST))
    if backbone in INT8_TIMES:
        bars.append(Bar((OURS,), ("EdgeCAD int8",), at_least=INT8_TIMES[backbone]))
    if backbone == "resnet152v2":
        bars.append(Bar(("TF function",), (OURS,), at_least=2.0))
        bars.append(Bar(("Keras predict",), (OURS,), at_least=2.5))
    return bars


def networks(options: InferenceOptions, backbone: str) -> Comparison:
    """Every engine on the same weights, images and threads, each in a process of its own, in turn."""
    makers = [maker for maker in MAKERS if maker.removeprefix("make ") in options.peers]
    with opened(options.peers, kept_model(backbone, options.models).resolve(), makers=makers) as peers:
        answers = answers_of(peers)
        starts = {name: (peer.ready_seconds, peer.ready.about) for name, peer in peers.peers.items()}
        ways = [TimedWay(name, name, "answer") for name in options.peers]
        taken = take_turns(peers, ways, options.turns, options.runs)
        missing = peers.missing
    rows = {}
    for name, row in rows_of(taken, answers, OURS).items():
        seconds, about = starts[name]
        rows[name] = msgspec.structs.replace(row, ready_seconds=seconds, about=about)
    ours, noisy = answers.get(OURS, ()), noise(taken)
    found = Comparison(
        backbone, options.turns, options.runs, len(ours), span_of(ours), rows, missing,
        judged(bars_of(backbone), taken), wrong_in(rows), bool(noisy), noisy,
    )  # fmt: skip
    _tell(found)
    return found


def _tell(found: Comparison) -> None:
    print(f"\n{found.backbone}")
    titles = ("engine", "ms (quartiles)", "in our fp32's (quartiles)", "d score", "heat map", "GB", "ready, s")
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in found.rows.items():
        heatmap = "none" if row.heatmap is None else f"{row.heatmap:.4f}"
        difference = "not compared" if row.probability is None else f"{row.probability:.1e}"
        remark = (row.about or {}).get("remark")
        print(
            f"| {name}{f' ({remark})' if remark else ''} | {row.milliseconds.words()} | {words_of(row.of_ours)} "
            f"| {difference} | {heatmap} | {row.peak_gb or 0:.2f} | {row.ready_seconds or 0:.1f} |"
        )
    tell_end(found.missing, found.bars, found.noisy_because, len(titles), found.wrong, found.probabilities_span)
