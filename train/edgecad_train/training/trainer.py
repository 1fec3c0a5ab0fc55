"""A network that can be trained again and again from its first weights, on whatever patients a fold asks for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad_train.networks.explain import Explained, Explainer, pooled_features
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network, with_head
from edgecad_train.training.augment import AugmentedImages
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.device.record import FrozenPlace
from edgecad_train.training.device.resident import ResidentRows, kept_on_device, room_on_device
from edgecad_train.training.epochs import EpochSeed
from edgecad_train.training.freezing import cut_of
from edgecad_train.training.frozen import Rows, Scans, Storage, Tell, frozen_outputs, layer_of
from edgecad_train.training.history import StageHistory, TrainingHistory
from edgecad_train.training.stages import (
    Observe,
    Progress,
    StageOptions,
    StageRun,
    StageRunner,
    Weights,
    examples_of,
)
from edgecad_train.training.strategies import Plan


@dataclass(frozen=True)
class Materials:
    """What every training of a run shares.

    Attributes:
        network: the backbone; its head is replaced by each trainer's own.
        first: the network's first weights.
        scans: all of the data.
        labels: class index of each, `(n,)`.
        outputs: layer name of each cut -> values `(n, ...)`, one array an augmentation pass.
        seed: of heads, orders and dropout.
        frozen_seconds: what the frozen part took.
        resident: the same as `outputs`, at cuts from which stages learn, where the values stay on a GPU as well.
    """

    network: Network
    first: tuple[NDArray[np.float32], ...]
    scans: Scans
    labels: NDArray[np.int64]
    outputs: dict[str, tuple[Rows, ...]]
    seed: int
    frozen_seconds: float
    resident: dict[str, tuple[ResidentRows, ...]] = field(default_factory=dict)

    def passes(self, cut: Any) -> tuple[Rows, ...]:
        """Values at a cut, pass by pass."""
        return self.outputs[layer_of(cut)]

    def learnt_from(self, cut: Any) -> tuple[Rows | ResidentRows, ...]:
        """The same for epochs: on the device, where they stay there."""
        return self.resident.get(layer_of(cut)) or self.passes(cut)


def materials_for(
    network: Network,
    plan: Plan,
    scans: Scans,
    labels: NDArray[np.int64],
    seed: int,
    passes: int,
    batch_size: int,
    storage: Storage,
    tell: Tell | None = None,
) -> Materials:
    """Run what is frozen, once a pass of augmentation."""
    outputs: dict[str, tuple[Rows, ...]] = {}
    cuts, seconds = _cuts(network, plan), 0.0
    share = replace(storage, memory_budget=storage.memory_budget // passes)
    for number in range(passes):
        shown = scans if number == 0 else _augmented(scans, seed, number)
        frozen = frozen_outputs(network, cuts, shown, batch_size, share, tell)
        found = {layer_of(network.model.input): shown.images, **frozen.outputs}
        outputs = {name: (*outputs.get(name, ()), values) for name, values in found.items()}
        seconds += frozen.seconds
    first = tuple(network.model.get_weights())
    return Materials(network, first, scans, labels, outputs, seed, seconds, _resident(network, plan, outputs))


def _resident(
    network: Network, plan: Plan, outputs: dict[str, tuple[Rows, ...]]
) -> dict[str, tuple[ResidentRows, ...]]:
    """Keep on a GPU what stages learn from, as far as it has room: the fewest bytes first."""
    learnt = {layer_of(cut): outputs[layer_of(cut)] for cut in _learnt_cuts(network, plan)}
    smallest = sorted(learnt, key=lambda name: sum(rows.size for rows in learnt[name]))
    kept = ((name, kept_on_device(learnt[name], room_on_device())) for name in smallest)
    return {name: rows for name, rows in kept if rows}


def _learnt_cuts(network: Network, plan: Plan) -> list[Any]:
    """Where the frozen part ends, stage by stage."""
    return [cut for stage in plan.stages if (cut := cut_of(network, stage.part)) is not None]


def frozen_places(materials: Materials, plan: Plan) -> dict[str, FrozenPlace]:
    """Layer name of each cut from which stages learn -> where its values are read from in every epoch."""
    names = (layer_of(cut) for cut in _learnt_cuts(materials.network, plan))
    return {name: "device" if name in materials.resident else "host" for name in names}


def _augmented(scans: Scans, seed: int, number: int) -> Scans:
    images: Any = AugmentedImages(scans.images, seed, number)
    return Scans(images, f"{scans.sha256}+{seed}.{number}")


def _cuts(network: Network, plan: Plan) -> list[Any]:
    """Tensors whose values a plan needs, from the input upwards."""
    tensors = [cut_of(network, stage.part) for stage in plan.stages] + [lowest_known(network, plan)]
    by_layer = {layer_of(tensor): tensor for tensor in tensors if tensor is not None}
    by_layer.pop(layer_of(network.model.input), None)
    order = [layer.name for layer in network.model.layers]
    return [by_layer[name] for name in sorted(by_layer, key=order.index)]


def lowest_known(network: Network, plan: Plan) -> Any:
    """The tensor from which a network trained by `plan` is explained: what lies below was never changed."""
    parts = [stage.part for stage in plan.stages]
    if "everything" in parts:
        return network.model.input
    if parts == ["head"]:
        return network.pooled
    order = [layer.name for layer in network.model.layers]
    return min((cut_of(network, part) for part in parts), key=lambda tensor: order.index(layer_of(tensor)))


SELECTING_ON_TEST = "chosen on test"
"""Name of the training that shows the optimism of choosing on the test part."""


@dataclass(frozen=True)
class Place:
    """A training among those of a run.

    Attributes:
        number: decides orders and dropout.
        rows: scans to learn from.
        held: scans that choose the epoch; None for a refit.
        kept: by which the checkpoint knows it, where another training has its number.
    """

    name: str
    number: int
    rows: NDArray[np.intp]
    held: NDArray[np.intp] | None
    kept: str = ""

    @property
    def key(self) -> str:
        """By which the checkpoint knows it."""
        return self.kept or str(self.number)


class Trainer:
    """Trains one head and plan, as often as there are folds."""

    def __init__(self, materials: Materials, head: Head, plan: Plan, options: StageOptions) -> None:
        keras.utils.set_random_seed(materials.seed)
        self.network = with_head(materials.network, head)
        self.plan = plan
        self._materials = materials
        self._first_head = [layer.get_weights() for layer in self.network.head_layers()]
        self._runners = [StageRunner(self.network, stage, options) for stage in plan.stages]
        self._below = lowest_known(self.network, plan)
        self._explainer = Explainer(self.network, self._below)

    def train(
        self,
        place: Place,
        *,
        epochs: Sequence[int] | None = None,
        checkpoint: Checkpoint | None = None,
        progress: Progress | None = None,
    ) -> TrainingHistory:
        """Train from the first weights.

        Args:
            epochs: of each stage, for a refit.
        """
        self._begin_anew()
        checkpoint = checkpoint or Checkpoint(None)
        done: list[StageHistory] = list(checkpoint.earlier(place.key))
        for index in range(len(done), len(self._runners)):
            own = epochs[index] if epochs else None
            done.append(self._run(place, index, tuple(done), checkpoint, progress, own).history)
        return TrainingHistory(place.name, tuple(done))

    def train_stage(
        self,
        place: Place,
        before: Sequence[tuple[StageHistory, Weights]],
        checkpoint: Checkpoint,
        progress: Progress | None = None,
        *,
        judges: NDArray[np.intp] | None = None,
        epochs: int | None = None,
    ) -> StageRun:
        """Train the stage that follows on those `before`, and observe every epoch of it.

        What is kept of an epoch is what the held-out scans were said to be, logits and maps, if the stage is the last;
        else the weights of what learns. With `judges` the logits of those scans stand first, in every stage, and no
        held-out scan is explained.

        Args:
            before: of each earlier stage its history, and the weights of its learning part that go on.
            judges: scans to watch.
            epochs: of this stage; None as planned.
        """
        index = len(before)
        self._begin_anew()
        for runner, (_, weights) in zip(self._runners, before, strict=False):
            runner.set_weights(weights)
        observe = self._observer(place, index) if judges is None else self._watcher(judges, index)
        done = tuple(history for history, _ in before)
        return self._run(place, index, done, checkpoint, progress, epochs, observe)

    def explain(self, rows: NDArray[np.intp]) -> Explained:
        """What the network as it stands says of some scans."""
        return self._explainer(self._materials.passes(self._below)[0], rows)

    def pooled(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Pooled features that the network as it stands gives for some scans, `(n, channels)`."""
        return self._explainer.pooled(self._materials.passes(self._below)[0], rows)

    def pooled_of(self, images: Any, count: int) -> NDArray[np.float32]:
        """The same of `count` other images `(count, size, size, 3)` uint8 RGB, which are read by rows."""
        return pooled_features(self.network.model, self.network.model.input, images, np.arange(count))

    def _observer(self, place: Place, index: int) -> Observe:
        last = index == len(self._runners) - 1
        return (lambda: self._said(place)) if last else self._runners[index].weights

    def _watcher(self, judges: NDArray[np.intp], index: int) -> Observe:
        """Logits of some scans; before the last stage the weights too, to go on from."""
        last = index == len(self._runners) - 1
        return lambda: (self.explain(judges).logits, *(() if last else self._runners[index].weights()))

    def _said(self, place: Place) -> Weights:
        assert place.held is not None  # noqa: S101 - folds hold scans out
        held = self.explain(place.held)
        return held.logits, held.maps

    def _run(
        self,
        place: Place,
        index: int,
        done: tuple[StageHistory, ...],
        checkpoint: Checkpoint,
        progress: Progress | None,
        epochs: int | None = None,
        observe: Observe | None = None,
    ) -> StageRun:
        """Run one stage from where the network stands."""
        sources, begun = self._sources(index), time.monotonic()
        labels, held = self._materials.labels, place.held
        run = self._runners[index].run(
            examples_of(sources, place.rows, labels),
            None if held is None else examples_of(sources[:1], held, labels),
            EpochSeed(self._materials.seed, place.number, index),
            epochs=epochs,
            keeper=checkpoint.keeper(place.key, done),
            progress=_named(progress, place.name),
            observe=observe,
        )
        step = SELECTING_ON_TEST if place.name == SELECTING_ON_TEST else run.history.stage
        checkpoint.spend(step, time.monotonic() - begun)
        return run

    def _begin_anew(self) -> None:
        self._materials.network.model.set_weights(self._materials.first)  # layers are shared, those of the head apart
        for layer, values in zip(self.network.head_layers(), self._first_head, strict=True):
            layer.set_weights(values)

    def _sources(self, index: int) -> tuple[Rows | ResidentRows, ...]:
        cut = cut_of(self.network, self.plan.stages[index].part)
        return self._materials.learnt_from(self.network.model.input if cut is None else cut)


def _named(progress: Progress | None, name: str) -> Progress | None:
    if progress is None or name == "run":
        return progress
    return lambda stage, done, total, figures: progress(f"{name}, {stage}", done, total, figures)
