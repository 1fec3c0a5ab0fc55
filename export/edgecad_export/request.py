"""What an export is told to write: the options of `edgecad export` that hold for every model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.engines import TIME_LIMIT
from edgecad.errors import UsageError

if TYPE_CHECKING:
    from edgecad.contract import Precision, RunPrecision
    from edgecad_export.proof.tolerances import Tolerances


@dataclass(frozen=True)
class ExportRequest:
    """Files to write, and how they are made, judged and signed. Each field is an option.

    Raises:
        UsageError: a tolerance of another form or name, or for a file that is not written.
    """

    fp16: Annotated[bool, typer.Option("--fp16", help="Also model.fp16.onnx: half the size, for GPUs.")] = False
    int8: Annotated[bool, typer.Option("--int8", help="Also model.int8.onnx: a quarter of the size, for CPUs.")] = False
    tensorrt: Annotated[
        bool,
        typer.Option(
            "--tensorrt",
            help="Also a TensorRT engine of each file but int8, for this GPU and programs of yours; without a GPU it "
            "is unproven, and called so.",
        ),
    ] = False
    tolerance: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PRECISION.NAME=VALUE",
            help="Another bound of the gate, for example int8.probabilities=0.03; may be repeated.",
            show_default=False,
        ),
    ] = None
    sign: Annotated[
        Path | None,
        typer.Option(metavar="KEY", help="Private Ed25519 key (PEM) to sign the folder with.", show_default=False),
    ] = None
    opset: Annotated[int, typer.Option(min=13, max=20, help="ONNX operator set.")] = 17
    time_limit: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Seconds that building an engine may take.")
    ] = TIME_LIMIT

    def __post_init__(self) -> None:
        _ = self.tolerances
        for word in self.tolerance or ():
            precision = word.partition(".")[0]
            if precision not in (*self.precisions, "bf16"):  # which every fp32 file is tried in
                raise UsageError(
                    f"--tolerance {word} is for a file that is not written; add --{precision}, or leave it out"
                )

    @property
    def precisions(self) -> tuple[Precision, ...]:
        """Files to write, fp32 first; it is what the others are made from."""
        chosen: dict[Precision, bool] = {"fp32": True, "fp16": self.fp16, "int8": self.int8}
        return tuple(precision for precision, written in chosen.items() if written)

    @cached_property
    def tolerances(self) -> Mapping[RunPrecision, Tolerances]:
        """What each file may differ by from the Keras model."""
        from edgecad_export.proof.tolerances import tolerances_from_words  # numpy, which the help does without

        return tolerances_from_words(self.tolerance or ())
