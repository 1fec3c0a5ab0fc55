"""What a file's own loss says of its outputs: only it tells logits from the values of a regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

from edgecad.errors import ModelInvalid, UsageError
from edgecad_export.external.about import ExternalModel

OF_TWO = ("CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy")
"""Losses that take a softmax of all units."""
OF_EACH = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
"""Losses that take a sigmoid of each unit."""


@dataclass(frozen=True)
class FileLoss:
    """The loss that a model was compiled with.

    Attributes:
        name: its class, or its function as a class would be named.
        from_logits: whether it was told that the outputs are logits.
    """

    name: str
    from_logits: bool

    @property
    def of_classes(self) -> bool:
        """Whether it compares classes, and not numbers."""
        return self.name in (*OF_TWO, *OF_EACH)

    @property
    def of_numbers(self) -> bool:
        """Whether it is one of Keras' own that are no cross-entropy: of a regression, or of margins."""
        return not self.of_classes and hasattr(keras.losses, self.name)

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.name}(from_logits={self.from_logits})" if self.of_classes else self.name


def loss_of(compiled: Any) -> FileLoss | None:
    """The loss of a file's description of its training; None where there is none, or more than one.

    Args:
        compiled: `compile_config` of a `.keras` file, `training_config` of an `.h5` file, as Keras 2 or 3 wrote it.
    """
    loss = compiled.get("loss") if isinstance(compiled, dict) else None
    while (inside := _only(loss)) is not None:
        loss = inside
    if isinstance(loss, str):
        return FileLoss(_as_class(loss), False)
    if not isinstance(loss, dict) or not isinstance(loss.get("class_name"), str):
        return None
    config = loss.get("config")
    if isinstance(config, str):  # a function
        return FileLoss(_as_class(config), False)
    return FileLoss(_as_class(loss["class_name"]), isinstance(config, dict) and config.get("from_logits") is True)


def _only(loss: Any) -> Any:
    """What stands alone in a list, or in a dictionary by the name of an output."""
    if isinstance(loss, dict) and "class_name" not in loss:
        loss = list(loss.values())
    return loss[0] if isinstance(loss, list) and len(loss) == 1 else None


CLASSES = {name.lower(): name for name, kind in vars(keras.losses).items() if isinstance(kind, type)}
"""Keras' own losses."""


def _as_class(name: str) -> str:
    """`binary_crossentropy`, `Custom>BinaryCrossentropy` and `BinaryCrossentropy` are one, and so are `kld` and its."""
    plain = name.rpartition(">")[2] or name
    return CLASSES.get(_bare(plain)) or CLASSES.get(_bare(_spelled_out(plain))) or plain


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _spelled_out(name: str) -> str:
    """Name of the function that Keras knows by a short name; its own where Keras knows none."""
    try:
        return str(getattr(keras.losses.get(name), "__name__", name))
    except ValueError:
        return name


def check_linear_end(units: int, about: ExternalModel, loss: FileLoss | None) -> None:
    """Take linear units for logits only where somebody says so: `--linear-end logits`, or the file's loss.

    Args:
        units: one or two.

    Raises:
        UsageError: nobody says it, or the file's loss says otherwise.
        ModelInvalid: its loss takes the units for something else than a softmax of two, or a sigmoid of one.
    """
    ends = "two linear units" if units == 2 else "one linear unit"
    if loss is not None and loss.name in (OF_EACH if units == 2 else OF_TWO):
        wanted = "a categorical loss, or one unit" if units == 2 else "a binary loss, or two units"
        raise ModelInvalid(
            f"the model ends in {ends}, and its loss {loss} does not take {'both' if units == 2 else 'it'} for one "
            f"choice between two classes; train its head again with {wanted}"
        )
    if loss is not None and loss.of_classes and loss.from_logits:
        return
    if loss is not None and loss.of_numbers:
        raise UsageError(
            f"the model ends in {ends} and the file's loss is {loss}, which makes no logits of them; train its head "
            "with a cross-entropy from_logits=True, or save the model compiled with the loss it was trained with"
        )
    if about.linear_end is None:
        seen = "the file tells no loss" if loss is None else f"the file's loss is {loss}"
        raise UsageError(
            f"the model ends in {ends}, as a regression does, and {seen}, so nothing says that these are logits; add "
            "--linear-end logits if it was trained with from_logits=True"
        )


def doubts_of_loss(end: str, loss: FileLoss | None) -> tuple[str, ...]:
    """What does not fit between the end of a model and its loss, though it may be meant."""
    if loss is None or not loss.of_classes or loss.from_logits != (end != "linear"):
        return ()
    if end == "linear":
        return (
            f"the file's loss is {loss}, which wants probabilities; its linear end is taken for logits as you said",
        )
    return (f"the file's loss is {loss}, but the model ends in {end}: its training took probabilities for logits",)
