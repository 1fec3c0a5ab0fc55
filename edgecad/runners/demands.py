"""What any engine demands of a model before it may run it."""

from __future__ import annotations

from collections.abc import Collection

from edgecad.contract.graph import missing_outputs
from edgecad.errors import ModelInvalid
from edgecad.modelfiles.external_data import has_external_data


def demand_one_file(model: bytes) -> None:
    """Demand that an ONNX file names no others to read its weights from.

    Raises:
        ModelInvalid: it does.
    """
    if has_external_data(model):
        raise ModelInvalid(
            "the model names other files to read its weights from, and one file is a model; export it again"
        )


def demand_outputs(present: Collection[str]) -> None:
    """Demand the outputs that every model has.

    Args:
        present: names of a graph's outputs.

    Raises:
        ModelInvalid: one is missing.
    """
    missing = missing_outputs(present)
    if missing:
        raise ModelInvalid(f"the model has no output {', '.join(sorted(missing))}; export it with edgecad export")
