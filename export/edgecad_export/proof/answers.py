"""What a model says of some images: the trained Keras model, or an exported file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad.answer.familiarity import distances
from edgecad.answer.heatmap import (
    Dense,
    activation_factor,
    before_activation,
    class_activation,
    identity_error,
    score_map,
)
from edgecad.contract import Contract
from edgecad.contract.graph import FAMILIARITY, known_outputs
from edgecad.decision.probabilities import probabilities_of
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad.verification import comparison
from edgecad_export.graph.outputs import BATCH
from edgecad_export.graph.parts import features_tensor
from edgecad_export.graph.trained_classifier import TrainedClassifier


@dataclass(frozen=True)
class CheckedAnswers(comparison.ModelAnswers):
    """What a model says of `n` images, and whether its outputs fit together.

    Attributes:
        identity: relative error of mean(cam) + cam_bias == logits, the largest.
        finite: whether every value of every output is.
        before: values of each hidden layer before its activation, `(n, units)`, from the model's own features.
        switches: which units of each hidden layer with a ReLU were on, `(n, units)` bool; empty without such layers.
        familiarity: distances to the training scans, `(n,)`; None where nobody measured them.
    """

    identity: float
    finite: bool
    before: tuple[NDArray[np.float64], ...] = ()
    switches: tuple[NDArray[np.bool_], ...] = ()
    familiarity: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class ReferenceAnswers(CheckedAnswers):
    """What files are held against: the Keras model's answers, its maps by the numpy formula.

    Attributes:
        head: its dense layers.
        features: `(n, h, w, channels)`; kept for heads with ReLU only.
        positive: index of the positive class.
    """

    head: tuple[Dense, ...] = ()
    features: NDArray[np.float32] | None = None
    positive: int = 0

    def only(self, rows: NDArray[np.intp]) -> ReferenceAnswers:
        """Those to some of the images."""
        return replace(
            self, logits=self.logits[rows], scores=self.scores[rows], maps=self.maps[rows],
            before=tuple(values[rows] for values in self.before),
            switches=tuple(values[rows] for values in self.switches),
            features=None if self.features is None else self.features[rows],
            familiarity=None if self.familiarity is None else self.familiarity[rows],
        )  # fmt: skip

    def under(self, switches: Sequence[NDArray[np.bool_]]) -> ReferenceAnswers:
        """The same features explained under a file's switches.

        With ReLU a map jumps where a unit stands near zero and rounding sets it on the other side, though the logits
        hardly move. Both maps are right there. The file's map is held against the one of its own side;
        `switched_units` says how far its units had to move for that.
        """
        if self.features is None or [own.shape for own in switches] != [own.shape for own in self.switches]:
            return self
        pairs = list(zip(self.switches, switches, strict=True))
        rows = np.flatnonzero(np.any([(own != other).any(axis=1) for own, other in pairs], axis=0))
        if not len(rows):
            return self
        given = iter(switches)
        factors = [
            next(given)[rows].astype(np.float64)
            if layer.activation == "relu"
            else activation_factor(layer.activation, own[rows])
            for layer, own in zip(self.head[:-1], self.before, strict=True)
        ]
        maps = self.maps.copy()
        cam = class_activation(self.features[rows].astype(np.float64), self.head, factors).cam
        maps[rows] = score_map(cam, self.positive)
        return replace(self, maps=maps)


def answers_of_keras(
    classifier: TrainedClassifier,
    contract: Contract,
    images: NDArray[np.uint8],
    centres: NDArray[np.float32] | None = None,
) -> ReferenceAnswers:
    """Answers of the trained model itself; maps and distances by the numpy formulas on its features, not by a graph.

    Args:
        centres: of the training scans, `(k, channels)`; None where nobody measured familiarity.
    """
    logits, features = (np.asarray(values, np.float64) for values in classifier.answering(images))
    head = classifier.head()
    activation = class_activation(features, head)
    relus = _of_relu(activation.before, head)
    return ReferenceAnswers(
        logits=logits,
        scores=probabilities_of(logits, contract.decision.temperature)[:, contract.positive_index],
        maps=np.asarray(score_map(activation.cam, contract.positive_index), np.float64),
        identity=identity_error(activation.cam, activation.cam_bias, logits),
        finite=bool(np.isfinite(logits).all() and np.isfinite(features).all()),
        before=tuple(np.asarray(own, np.float64) for own in activation.before),
        switches=tuple(own > 0 for own in relus),
        head=head,
        features=np.asarray(features, np.float32) if relus else None,
        positive=contract.positive_index,
        familiarity=None if centres is None else distances(features.mean(axis=(1, 2)), centres),
    )


def hidden_of(features: NDArray[np.floating], head: Sequence[Dense]) -> tuple[NDArray[np.float64], ...]:
    """Values of each hidden layer before its activation, `(n, units)`, for features `(n, h, w, channels)`."""
    pooled = np.asarray(features, np.float64).mean(axis=(1, 2))
    return tuple(np.asarray(own, np.float64) for own in before_activation(pooled, head)[:-1])


def _of_relu(before: Sequence[NDArray[np.floating]], head: Sequence[Dense]) -> tuple[NDArray[np.floating], ...]:
    return tuple(own for own, layer in zip(before, head[:-1], strict=True) if layer.activation == "relu")


def answers_of_file(
    model: onnx.ModelProto, contract: Contract, images: NDArray[np.uint8], head: Sequence[Dense]
) -> CheckedAnswers:
    """Answers of a graph on the reference runtime, ONNX Runtime on the CPU.

    Args:
        head: of the model that it was made from.
    """
    opened, switches = _with_switches(model)
    names = (*known_outputs([value.name for value in model.graph.output]), *switches)
    runner = OnnxRunner(opened.SerializeToString(), DeviceRequest("cpu"))
    parts = [runner.run(images[start : start + BATCH], names) for start in range(0, len(images), BATCH)]
    got = {name: np.concatenate([part[name] for part in parts]) for name in names}
    with np.errstate(all="ignore"):  # a damaged file's values may be anything; `finite` says it
        return CheckedAnswers(
            logits=np.asarray(got["logits"], np.float64),
            scores=np.asarray(got["probabilities"][:, contract.positive_index], np.float64),
            maps=np.asarray(score_map(got["cam"], contract.positive_index), np.float64),
            identity=identity_error(got["cam"], got["cam_bias"], got["logits"]),
            finite=all(bool(np.isfinite(value).all()) for value in got.values()),
            before=hidden_of(got["features"], head) if switches else (),
            switches=tuple(got[name] > 0 for name in switches),
            familiarity=np.asarray(got[FAMILIARITY][:, 0], np.float64) if FAMILIARITY in got else None,
        )


def _with_switches(model: onnx.ModelProto) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    """The graph with the switches of its ReLUs among its outputs, and their names, from the pooling on.

    In one run, because a unit at zero may come out on either side in another.
    """
    depths = _depths(model.graph, features_tensor(model))
    switches = [node for node in model.graph.node if node.op_type == "Sign" and node.output[0] in depths]
    if not switches:
        return model, ()
    names = tuple(node.output[0] for node in sorted(switches, key=lambda node: depths[node.output[0]]))
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    opened.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    return opened, names


def _depths(graph: onnx.GraphProto, start: str) -> dict[str, int]:
    """How many nodes lie between `start` and each tensor that follows from it, on the longest way.

    Optimisers write branches in any order, and a backbone may have nodes of the same kind as the head.
    """
    depths = {start: 0}
    for node in graph.node:
        known = [depths[name] for name in node.input if name in depths]
        if known:
            depths.update(dict.fromkeys(node.output, 1 + max(known)))
    return depths


def switched_units(reference: ReferenceAnswers, seen: CheckedAnswers) -> tuple[int, float]:
    """How many hidden units of all images a file's ReLUs set on the other side, and how far those moved.

    The distance is that of their values before the ReLU, the largest, relative to the largest of their layer. A unit
    that switched has moved by at least its distance to zero.
    """
    count, moved = 0, 0.0
    pairs = zip(_of_relu(reference.before, reference.head), reference.switches, _of_relu(seen.before, reference.head)
                if seen.before else (), seen.switches, strict=True)  # fmt: skip
    for own, on, other, other_on in pairs:
        switched = on != other_on
        count += int(switched.sum())
        if switched.any():
            moved = max(moved, float(np.abs(other - own)[switched].max() / np.abs(own).max()))
    return count, moved
