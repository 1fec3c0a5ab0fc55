"""Golden samples: phantom screens whose answers were recorded at export, replayed on this machine.

Replaying goes from a file's bytes through decoding, preparation and the engine to the heat map, so
it catches a decoder that drifted as well as an engine that is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import agreement, logit_scale, shade_of
from edgecad.answer.prediction import Prediction
from edgecad.clinical.fusion import golden_fusion
from edgecad.colourtables.known import known_table
from edgecad.contract import Contract, Familiarity, GoldenAnswer, Preparation
from edgecad.decision.probabilities import probabilities_of
from edgecad.errors import DeviceFailed, GateFailed, InputRefused, NotAvailable
from edgecad.polarmap import TableCandidates
from edgecad.runners.base import RunnerFacts
from edgecad.runners.devices import parse_device

Answer = Callable[[bytes], Prediction]
"""What answers a sample's bytes, in whatever colours: `Classifier.replay`."""
LOGIT_TOLERANCE = 0.01
"""Largest difference of logits, relative to the largest: rounding of another decoder, not another answer."""
MAP_CORRELATION = 0.999
FAMILIARITY_TOLERANCE = 0.05
"""Largest difference of the distance to the training scans, relative to its limit."""


@dataclass(frozen=True)
class ReplayBounds:
    """What a replayed answer may differ by; each is a bound of the figure that `Replay` calls so.

    The defaults are for what runs in the precision whose answers were recorded.
    """

    logits: float = LOGIT_TOLERANCE
    heatmap: float = MAP_CORRELATION
    familiarity: float = FAMILIARITY_TOLERANCE
    probability: float = float("inf")


def bounds_of(contract: Contract, facts: RunnerFacts) -> ReplayBounds:
    """The bounds for what runs: the contract's own where the device computes that precision in a way of its own."""
    own = contract.executions.get(facts.precision)
    if own is None or facts.precision not in parse_device(facts.device).device.executes:
        return ReplayBounds()
    return ReplayBounds(
        logits=own.get("logits", float("inf")),
        heatmap=own["heatmap_correlation"],
        familiarity=own.get("familiarity", FAMILIARITY_TOLERANCE),
        probability=own["probabilities"],
    )


@dataclass(frozen=True)
class Replay:
    """How one golden sample came out here.

    `logits` is the largest difference relative to the recorded logits' scale; `heatmap` the
    agreement of the maps; `familiarity` the difference of the distances to the training scans relative to the
    limit, 0 where none was recorded; `probability` the difference of the positive class' own. `skipped` says why a
    sample was not replayed.
    """

    sample: str
    logits: float = 0.0
    heatmap: float = 1.0
    familiarity: float = 0.0
    skipped: str = ""
    probability: float = 0.0
    bounds: ReplayBounds = ReplayBounds()

    @property
    def holds(self) -> bool:
        """Whether this machine answers as the exporter's did."""
        most = self.bounds
        near = self.logits <= most.logits and self.familiarity <= most.familiarity
        return near and self.heatmap >= most.heatmap and self.probability <= most.probability


GOLDEN_TABLES = TableCandidates(user=tuple(map(known_table, ("warm", "iron", "rainbow", "grey"))))
"""The samples' own colour tables; a replay is about a machine, and not about a model's tables."""


def replay_preparation(preparation: Preparation) -> Preparation:
    """How the samples' screens are prepared for a model: they have a size of their own, and one map each."""
    return msgspec.structs.replace(preparation, region=None, map=None)


def golden_samples() -> dict[str, bytes]:
    """Name and content of every golden sample."""
    # Not above: it takes 8 ms to import, and most starts replay nothing.
    from importlib import resources

    folder = resources.files(__name__) / "samples"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith("phantom"))
    return {name: (folder / name).read_bytes() for name in names}


def recorded_answers(answer: Answer, contract: Contract) -> tuple[GoldenAnswer, ...]:
    """Answer every golden sample, for a model's contract; with a fused answer where it takes clinical columns."""
    samples = enumerate(golden_samples().items())
    return tuple(_recorded(name, content, answer(content), contract, number) for number, (name, content) in samples)


def _recorded(name: str, content: bytes, prediction: Prediction, contract: Contract, number: int) -> GoldenAnswer:
    return GoldenAnswer(
        sample=name,
        sha256=hashlib.sha256(content).hexdigest(),
        logits=tuple(float(value) for value in prediction.logits),
        score_map=tuple(tuple(float(value) for value in row) for row in prediction.heatmap),
        familiarity=prediction.familiarity,
        clinical=golden_fusion(contract, prediction.logits, number),
    )


def replay(answer: Answer, contract: Contract, bounds: ReplayBounds | None = None) -> tuple[Replay, ...]:
    """Answer the golden samples again and compare with what a contract recorded.

    Args:
        bounds: what the answers may differ by; default: as in the precision whose answers were recorded.

    Raises:
        GateFailed: the model carries no golden answers, or to samples that this runtime does not have; a sample is
            refused here; or none could be replayed.
        DeviceFailed: the device gave up.
    """
    recorded = contract.golden
    if not recorded:
        raise GateFailed("the model carries no golden answers, so nothing can be replayed; export it again")
    samples = golden_samples()
    allowed = bounds or ReplayBounds()
    replays = tuple(
        replace(_replayed(answer, entry, samples.get(entry.sample), contract), bounds=allowed) for entry in recorded
    )
    if all(entry.skipped for entry in replays):
        raise GateFailed(f"no golden sample could be replayed: {replays[0].skipped}")
    return replays


def _replayed(answer: Answer, recorded: GoldenAnswer, content: bytes | None, contract: Contract) -> Replay:
    if content is None or hashlib.sha256(content).hexdigest() != recorded.sha256:
        raise GateFailed(
            f"the model was exported with another golden sample {recorded.sample}; install the edgecad version that "
            "exported it, or export it again"
        )
    try:
        prediction = answer(content)
    except DeviceFailed:
        raise  # it says nothing of the sample, and proves nothing
    except InputRefused as refused:
        raise GateFailed(
            f"the golden sample {recorded.sample} is refused here ({refused.reason}), so this machine reads screens "
            "otherwise than the exporter's; do not use it, and report it"
        ) from refused
    except NotAvailable as missing:
        return Replay(recorded.sample, skipped=str(missing))
    expected, shown = np.array(recorded.logits), np.array(recorded.score_map)
    if shown.shape != prediction.heatmap.shape:
        raise GateFailed(
            f"{recorded.sample}: the recorded heat map is {shown.shape} and the model's {prediction.heatmap.shape}; "
            "the contract belongs to another model: export it again"
        )
    scale = logit_scale(expected)
    return Replay(
        recorded.sample,
        logits=float(np.abs(prediction.logits - expected).max()) / scale,
        heatmap=agreement(prediction.heatmap, shown, scale, shade_of(contract.heatmap.full_scale)),
        familiarity=_moved(prediction.familiarity, recorded.familiarity, contract.familiarity),
        probability=_moved_probability(prediction.logits, expected, contract),
    )


def _moved_probability(seen: NDArray[np.floating], recorded: NDArray[np.floating], contract: Contract) -> float:
    both = probabilities_of(np.stack([seen, recorded]), contract.decision.temperature)
    return float(abs(np.subtract(*both[:, contract.positive_index])))


def _moved(seen: float | None, recorded: float | None, limits: Familiarity | None) -> float:
    if seen is None or recorded is None or limits is None:
        return 0.0
    return abs(seen - recorded) / limits.limit
