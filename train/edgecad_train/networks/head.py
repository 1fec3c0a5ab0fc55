"""The head of a network, in numbers; nothing here needs Keras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from edgecad.contract import Activation
from edgecad.errors import UsageError


@dataclass(frozen=True)
class Head:
    """Global average pooling, one hidden layer or none, two logits.

    The defaults are EdgeCAD's: the paper finds units and dropout by a search, and does not name the activation.

    Attributes:
        units: of the hidden layer; 0 for no hidden layer.
        dropout: below the logits, 0 to 1.
        activation: of the hidden layer.
    """

    units: int = 64
    dropout: float = 0.3
    activation: Activation = "silu"

    def __post_init__(self) -> None:
        if self.units < 0 or not 0 <= self.dropout < 1:
            raise UsageError(f"head of {self.units} units, dropout {self.dropout}: units >= 0, 0 <= dropout < 1 wanted")
        if self.activation not in get_args(Activation):
            raise UsageError(f"--activation {self.activation}: choose one of {', '.join(get_args(Activation))}")

    @property
    def activations(self) -> tuple[Activation, ...]:
        """Of the hidden layers, as the contract lists them."""
        return (self.activation,) if self.units else ()

    def __str__(self) -> str:
        hidden = f"Dense({self.units}, {self.activation}) - " if self.units else ""
        return f"GAP - {hidden}Dropout({self.dropout:g}) - Dense(2)"


@dataclass(frozen=True)
class Unfrozen:
    """How much of a backbone fine-tuning trains: layers, of how many, and their share of the parameters, 0 to 1."""

    layers: int
    of_layers: int
    parameter_share: float
