"""Load a trained network from a run folder."""

from __future__ import annotations

from pathlib import Path

import keras

from edgecad.errors import ModelInvalid
from edgecad_train.classes import CLASSES

TRAIN_AGAIN = "run `edgecad train` again"


def load_network(path: Path, size: int) -> keras.Model:
    """Load without compiling, in safe mode: a file that wants to run code of its own is refused.

    Args:
        size: side of the input that its contract names, pixels.

    Raises:
        ModelInvalid: it is damaged, wants to run code of its own, or has another input or output.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damaged part happens to hit.
        reason = str(error).strip().partition("\n")[0][:160]
        raise ModelInvalid(f"{path} cannot be loaded: {reason}; {TRAIN_AGAIN}") from error
    shapes = (tuple(model.input_shape), tuple(model.output_shape))
    if shapes != ((None, size, size, 3), (None, len(CLASSES))):
        raise ModelInvalid(
            f"{path} goes from {shapes[0]} to {shapes[1]}, and its contract says {size} pixels and {len(CLASSES)} "
            f"classes; they are not of one run: {TRAIN_AGAIN}"
        )
    return model
