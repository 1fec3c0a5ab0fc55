"""What the figures come to: which configuration to take, whether the machine was steady, whether a limit holds."""

from __future__ import annotations

from collections.abc import Sequence

from edgecad.bench.results import Measured, NotMeasured, Result, SingleStream, StageTimes
from edgecad.errors import EdgecadError, EngineBuildFailed, GateFailed, ModelInvalid, NotAvailable, UsageError
from edgecad.runners import devices
from edgecad.runners.devices import parse_device

KINDS = (UsageError, NotAvailable, GateFailed, ModelInvalid, EngineBuildFailed)

ALIKE = 0.02
"""Networks are alike that differ by no more than this share of the fastest one's time; the rest of an answer is the
same on every device. Of alike ones the more precise is taken, then the engine that is first in the table of devices."""
PRECISE_FIRST = ("fp32", "fp16", "bf16", "int8")
MAX_DRIFT, MAX_OTHERS = 0.1, 0.1
"""Past these a machine is called noisy: medians of tenths of a run lie so far apart, others use so much of it."""


def recommended(results: Sequence[Result]) -> Measured | None:
    """The fastest that answers the golden samples as at export: by the network's median, else by the folder's rate.

    A precision that its device computes in another one is never taken, such as fp16 on a CPU.
    """
    return next(iter(ranked(results)), None)


def ranked(results: Sequence[Result]) -> tuple[Measured, ...]:
    """All that may be taken, the recommended one first, then the one that would be recommended without it, ..."""
    left = [found for found in results if isinstance(found, Measured) and is_fit(found)]
    order = []
    while left:
        most = (1 + ALIKE) * min(map(network_milliseconds, left))
        alike = [found for found in left if network_milliseconds(found) <= most]
        order.append(min(alike, key=_simplicity))
        left.remove(order[-1])
    return tuple(order)


def near_fastest(results: Sequence[Result], factor: float, most: int) -> tuple[Measured, ...]:
    """The fastest that may be taken, and at most so many within a factor of it."""
    order = sorted(ranked(results), key=network_milliseconds)
    near = [found for found in order if network_milliseconds(found) <= factor * network_milliseconds(order[0])]
    return tuple(near[:most])


def is_fit(found: Measured) -> bool:
    """Whether it answers the golden samples as at export, in the precision that it is called by."""
    return not found.golden and found.precision not in parse_device(found.device).device.emulated


def why_none(results: Sequence[Result]) -> str:
    """Why nothing is recommended, where something was measured."""
    sound = [found for found in results if isinstance(found, Measured) and not found.golden]
    if not sound:
        return (
            "nothing here answers the golden samples as at export, so nothing is recommended; run: edgecad verify "
            "--precision all"
        )
    names = ", ".join(f"{found.precision} on {found.device}" for found in sound)
    return (
        f"{names} is computed in another precision here, so that nothing is recommended; leave --precision out, or "
        "name another one"
    )


def _simplicity(found: Measured) -> tuple[int, int]:
    """Less is more precise, then simpler."""
    place = [row.word for row in devices.DEVICES].index(parse_device(found.device).kind)
    return PRECISE_FIRST.index(found.precision), place


def network_milliseconds(found: Measured) -> float:
    """Of the network in one answer: the median in turn with others, else of one scan after another.

    Where nobody measured it apart, of the whole answer, or what a folder's rate is.
    """
    if found.in_turn is not None:
        return found.in_turn.p50
    if found.single_stream is not None:
        return network_of(found.single_stream).p50
    return 1000 / found.offline.folder.median if found.offline is not None else 0.0


def network_of(stream: SingleStream) -> StageTimes:
    """The network's times, or the whole answer's where nobody measured it apart."""
    return next((stage for stage in stream.stages if stage.name == "run"), stream.whole)


def noise(found: Measured) -> tuple[str, ...]:
    """Why its figures should not be relied on; empty on a quiet machine."""
    reasons = []
    if found.single_stream is not None and found.single_stream.drift > MAX_DRIFT:
        reasons.append(f"medians of ten parts of the run differ by {found.single_stream.drift:.0%}")
    others = max((part.others or 0.0 for part in (found.single_stream, found.offline) if part is not None), default=0.0)
    if others > MAX_OTHERS:
        reasons.append(f"other programs used {others:.0%} of the processors")
    return tuple(reasons)


def error_of(failed: Sequence[NotMeasured]) -> EdgecadError:
    """The error to end with where nothing could be measured: the gravest, with its own exit code."""
    worst = max(failed, key=lambda found: found.code)
    kind = next((kind for kind in KINDS if kind.exit_code == worst.code), EdgecadError)
    return kind(worst.reason)
