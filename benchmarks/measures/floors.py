"""How near a network comes to what this machine can do: kernels and networks in turn, in one process."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from edgecad.inference.classifier import ANSWER_OUTPUTS
from edgecad.modelfiles.file import FILES
from measures.kept import kept_model, model_in
from measures.latency import session_of, times_of, turns
from measures.operations import Rates, Work, floor_of, works_of
from measures.rates import WIDE, Kernel, kernels

Found = dict[str, Any]
BARS = {("resnet152v2", "int8"): 0.6}
"""Share of the floor by node that a network must reach."""


def limit(arguments: Namespace) -> Iterator[Found]:
    """Each network's median beside its floor, with this machine's rates measured in between."""
    import onnx

    for backbone in arguments.backbones:
        folder = model_in(kept_model(backbone, arguments.models))
        contents = {precision: (folder / FILES[precision]).read_bytes() for precision in WIDE}
        own = kernels(arguments.side, arguments.megabytes)
        timed = turns(
            {name: kernel.run for name, kernel in own.items()}
            | {precision: _network(content) for precision, content in contents.items()},
            arguments.rounds,
            arguments.repeats,
        )
        row = _row(backbone, works_of(onnx.load_from_string(contents["fp32"])), own, timed)
        _tell(row)
        yield row


def _network(content: bytes) -> Callable[[], object]:
    session = session_of(content)
    size = session.get_inputs()[0].shape[1]
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    return lambda: session.run(list(ANSWER_OUTPUTS), {"image": image})


def _row(
    backbone: str, works: Sequence[Work], own: Mapping[str, Kernel], timed: Mapping[str, Sequence[float]]
) -> Found:
    spread = {name: times_of(taken) for name, taken in timed.items()}
    a_second = {name: 1000 * kernel.amount / spread[name].median for name, kernel in own.items()}
    best = {
        what: max((name for name, kernel in own.items() if kernel.what == what), key=a_second.__getitem__)
        for what in (*WIDE, "memory")
    }
    networks = {
        precision: _against_floor(backbone, precision, works, a_second, best, spread[precision].median)
        for precision in WIDE
    }
    return {
        "backbone": backbone,
        "operations": sum(work.operations for work in works),
        "weights": sum(work.weights for work in works),
        "activations": sum(work.activations for work in works),
        "milliseconds": {name: asdict(times) for name, times in spread.items()},
        "rates": {
            name: {
                "what": kernel.what, "G_a_second": a_second[name] / 1e9,
                "low": kernel.amount / spread[name].high / 1e6, "high": kernel.amount / spread[name].low / 1e6,
            }
            for name, kernel in own.items()
        },
        "best": best,
        "networks": networks,
        "held": all(network["held"] is not False for network in networks.values()),
    }  # fmt: skip


def _against_floor(
    backbone: str, precision: str, works: Sequence[Work], a_second: Mapping[str, float], best: Mapping[str, str],
    measured: float,
) -> Found:  # fmt: skip
    floor = asdict(floor_of(works, Rates(a_second[best[precision]], a_second[best["memory"]]), WIDE[precision]))
    shares = {name: milliseconds / measured for name, milliseconds in floor.items()}
    wanted = BARS.get((backbone, precision))
    held = None if wanted is None else shares["by_node"] >= wanted
    return {"floor_ms": floor, "share": shares, "wanted": wanted, "held": held}


def _tell(row: Found) -> None:
    print(
        f"\n{row['backbone']}: {row['operations'] / 1e9:.2f} G operations, {row['weights'] / 1e6:.1f} M weights, "
        f"{row['activations'] / 1e6:.1f} M activations read and written\n"
    )
    print("| kernel | of | G a second (quartiles) | best |\n|---|---|---|---|")
    for name, rate in row["rates"].items():
        mark = "yes" if name in row["best"].values() else ""
        print(f"| {name} | {rate['what']} | {rate['G_a_second']:.1f} ({rate['low']:.1f}-{rate['high']:.1f}) | {mark} |")
    titles = ("precision", "measured ms (quartiles)", "floor by node", "share", "floor as a whole", "share",
              "operations alone", "weights alone", "wanted of the first share")  # fmt: skip
    print(f"\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for precision, own in row["networks"].items():
        times, floor, share = row["milliseconds"][precision], own["floor_ms"], own["share"]
        print(
            f"| {precision} | {times['median']:.2f} ({times['low']:.2f}-{times['high']:.2f}) "
            f"| {floor['by_node']:.2f} | {share['by_node']:.2f} | {floor['whole']:.2f} | {share['whole']:.2f} "
            f"| {floor['operations']:.2f} | {floor['weights']:.2f} | {own['wanted'] or ''} |",
            flush=True,
        )
