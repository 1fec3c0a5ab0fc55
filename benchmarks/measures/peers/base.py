"""What a peer is given, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Contract, Precision, contract_from_json
from edgecad.modelfiles.file import FILES
from measures.models.kept import model_in, run_in
from measures.peers.messages import PeerAnswer

Images = list[NDArray[np.uint8]]


def _nothing_told(_: Any) -> PeerAnswer:
    raise NotImplementedError("this peer's answers are not compared")


@dataclass(frozen=True)
class Peer:
    """A peer that is open.

    Attributes:
        ways: what it can be asked to do; each takes one of `inputs`. The first is the one that `told` reads.
        inputs: prepared images `(1, size, size, 3)` uint8 RGB, or what else its ways take.
        told: the answer in what the first way gives.
        about: what a reader of the figures should know.
    """

    ways: Mapping[str, Callable[[Any], Any]]
    inputs: Sequence[Any]
    told: Callable[[Any], PeerAnswer] = _nothing_told
    about: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PeerModel:
    """What a peer works on.

    Attributes:
        place: what `kept_model` made.
        screens: files of report screens, for a folder.
    """

    place: Path
    screens: tuple[str, ...] = ()

    def file(self, precision: Precision) -> Path:
        """The exported file of a precision."""
        return model_in(self.place) / FILES[precision]

    @property
    def keras_file(self) -> Path:
        """The trained model."""
        return run_in(self.place) / "model.keras"

    @property
    def made(self) -> Path:
        """Folder of files that peers made from the model."""
        folder = self.place / "peers"
        folder.mkdir(exist_ok=True)
        return folder

    @cached_property
    def contract(self) -> Contract:
        """The run's."""
        return contract_from_json((run_in(self.place) / "contract.json").read_bytes())

    def images(self, name: str = "validation") -> Images:
        """Prepared images of the run, `(1, size, size, 3)` uint8 RGB each: `validation`, or `calibration`."""
        with np.load(run_in(self.place) / f"{name}.npz", allow_pickle=False) as arrays:
            return [np.ascontiguousarray(image[None]) for image in arrays["images"]]

    def answer_of_logits(self, logits: Any) -> PeerAnswer:
        """The answer of a network that ends in logits `(1, 2)`: their softmax at the contract's temperature."""
        from edgecad.decision.probabilities import probabilities_of

        found = probabilities_of(np.asarray(logits), self.contract.decision.temperature)
        return PeerAnswer(float(found[0, self.contract.positive_index]))

    def answer_of_outputs(self, outputs: Mapping[str, Any]) -> PeerAnswer:
        """The answer in the graph's outputs by name."""
        from edgecad.answer.heatmap import score_map

        positive = self.contract.positive_index
        shown = score_map(np.asarray(outputs["cam"]), positive)[0]
        return PeerAnswer(float(outputs["probabilities"][0, positive]), [float(value) for value in shown.ravel()])
