"""The head and the learning rates that a training uses."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad_train.networks.head import Head


@dataclass(frozen=True)
class HeadChoice:
    """The head and the exponent a of the learning rates that a training uses, and what a search saw of it.

    Attributes:
        trials: configurations that a search tried; 0 where the defaults were taken.
        loss: mean validation cross-entropy of the best, nats; None without a search.
    """

    head: Head
    lr_exponent: float
    trials: int = 0
    loss: float | None = None

    def same_network(self, other: HeadChoice) -> bool:
        """Whether both give the same head and the same rates."""
        return (self.head, self.lr_exponent) == (other.head, other.lr_exponent)
