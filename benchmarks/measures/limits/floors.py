"""How near a network comes to what this machine can do: kernels and networks in turn, in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgecad.contract import Precision
from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.modelfiles.file import FILES
from measures.latency import session_of, turns
from measures.limits.operations import Floor, Rates, Work, floor_of, works_of
from measures.limits.options import LimitOptions
from measures.limits.rates import WIDTHS, Kernel, kernels
from measures.models.kept import kept_model, model_in
from measures.quartiles import Quartiles, spread

BARS = {("resnet152v2", "int8"): 0.6}
"""Share of the floor by node that a network must reach."""


class KernelRate(msgspec.Struct, frozen=True):
    """Operations or bytes a second of a kernel, in thousand millions, with quartiles."""

    what: str
    g_a_second: float = msgspec.field(name="G_a_second")
    low: float
    high: float


class NetworkFloor(msgspec.Struct, frozen=True):
    """One precision: its floors in milliseconds, and each of them in the measured time.

    Attributes:
        wanted: bound on the share of the floor by node; it and `held` are None where there is none.
    """

    floor_ms: Floor
    share: Floor
    wanted: float | None
    held: bool | None


class LimitRow(msgspec.Struct, frozen=True):
    """One network, with this machine's rates in the same turns.

    Attributes:
        best: name of the fastest kernel for each kind of work.
        networks: by precision.
    """

    backbone: str
    operations: int
    weights: int
    activations: int
    milliseconds: dict[str, Quartiles]
    rates: dict[str, KernelRate]
    best: dict[str, str]
    networks: dict[Precision, NetworkFloor]
    held: bool


def limit(options: LimitOptions) -> Iterator[LimitRow]:
    """Each network's median beside its floor, with this machine's rates measured in between."""
    import onnx

    for backbone in options.networks:
        folder = model_in(kept_model(backbone, options.models))
        contents = {precision: (folder / FILES[precision]).read_bytes() for precision in WIDTHS}
        own = kernels(options.side, options.megabytes)
        timed = turns(
            {
                **{name: kernel.run for name, kernel in own.items()},
                **{precision: _network(content) for precision, content in contents.items()},
            },
            options.rounds,
            options.repeats,
        )
        row = _row(backbone, works_of(onnx.load_from_string(contents["fp32"])), _Measured(own, spread(timed)))
        _tell(row)
        yield row


def _network(content: bytes) -> Callable[[], object]:
    session = session_of(content)
    size = session.get_inputs()[0].shape[1]
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    return lambda: session.run(list(ANSWER_OUTPUTS), {"image": image})


@dataclass(frozen=True)
class _Measured:
    """Kernels, and milliseconds of them and of the networks."""

    kernels: Mapping[str, Kernel]
    milliseconds: dict[str, Quartiles]

    def rate(self, name: str) -> float:
        """Operations or bytes a second of a kernel."""
        return 1000 * self.kernels[name].amount / self.milliseconds[name].median

    def best(self, what: str) -> str:
        """Name of the fastest kernel for some kind of work."""
        return max((name for name, kernel in self.kernels.items() if kernel.what == what), key=self.rate)

    def kept(self, name: str) -> KernelRate:
        """A kernel's rate for the results."""
        kernel, taken = self.kernels[name], self.milliseconds[name]
        return KernelRate(
            kernel.what, self.rate(name) / 1e9, kernel.amount / taken.high / 1e6, kernel.amount / taken.low / 1e6
        )


def _row(backbone: str, works: Sequence[Work], measured: _Measured) -> LimitRow:
    networks = {precision: _against_floor(backbone, precision, works, measured) for precision in WIDTHS}
    return LimitRow(
        backbone=backbone,
        operations=sum(work.operations for work in works),
        weights=sum(work.weights for work in works),
        activations=sum(work.activations for work in works),
        milliseconds=measured.milliseconds,
        rates={name: measured.kept(name) for name in measured.kernels},
        best={what: measured.best(what) for what in (*WIDTHS, "memory")},
        networks=networks,
        held=all(network.held is not False for network in networks.values()),
    )


def _against_floor(backbone: str, precision: Precision, works: Sequence[Work], measured: _Measured) -> NetworkFloor:
    rates = Rates(measured.rate(measured.best(precision)), measured.rate(measured.best("memory")))
    floor = floor_of(works, rates, WIDTHS[precision])
    share = floor.of(measured.milliseconds[precision].median)
    bound = BARS.get((backbone, precision))
    return NetworkFloor(floor, share, bound, None if bound is None else share.by_node >= bound)


def _tell(row: LimitRow) -> None:
    print(
        f"\n{row.backbone}: {row.operations / 1e9:.2f} G operations, {row.weights / 1e6:.1f} M weights, "
        f"{row.activations / 1e6:.1f} M activations read and written\n"
    )
    print("| kernel | of | G a second (quartiles) | best |\n|---|---|---|---|")
    for name, rate in row.rates.items():
        mark = "yes" if name in row.best.values() else ""
        print(f"| {name} | {rate.what} | {rate.g_a_second:.1f} ({rate.low:.1f}-{rate.high:.1f}) | {mark} |")
    titles = ("precision", "measured ms (quartiles)", "floor by node", "share", "floor as a whole", "share",
              "operations alone", "weights alone", "wanted of the first share")  # fmt: skip
    print(f"\n| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for precision, own in row.networks.items():
        floor, share = own.floor_ms, own.share
        print(
            f"| {precision} | {row.milliseconds[precision].words()} | {floor.by_node:.2f} | {share.by_node:.2f} "
            f"| {floor.whole:.2f} | {share.whole:.2f} | {floor.operations:.2f} | {floor.weights:.2f} "
            f"| {own.wanted or ''} |",
            flush=True,
        )
