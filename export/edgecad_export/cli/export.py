"""`edgecad export`: a run folder in, a proven model folder out."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad.engines import TIME_LIMIT
from edgecad_export.cli.external_options import (
    ClassesOption,
    CropOption,
    ImagesOption,
    IntendedUseOption,
    LabelledByOption,
    NameOption,
    OriginOption,
    PositiveOption,
    PrevalenceOption,
    ScalingOption,
    SizeOption,
    ThresholdOption,
    UnitOption,
    about_from_options,
    check_there,
    is_foreign,
    refuse_foreign_options,
)

if TYPE_CHECKING:
    from edgecad.contract import Precision
    from edgecad_export.exporter import Exported

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def export(
    run: Annotated[
        Path,
        typer.Argument(help="Run folder, the pointer to one, or a Keras model of someone else (.keras, .h5)."),
    ] = Path("runs/latest"),
    fp16: Annotated[bool, typer.Option("--fp16", help="Also model.fp16.onnx: half the size, for GPUs.")] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also model.int8.onnx: a quarter of the size, for CPUs.")
    ] = False,
    tensorrt: Annotated[
        bool,
        typer.Option(
            "--tensorrt",
            help="Also a TensorRT engine of each file but int8, for this GPU and programs of yours; without a GPU it "
            "is unproven, and called so.",
        ),
    ] = False,
    tolerance: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="PRECISION.NAME=VALUE",
            help="Another bound of the gate, for example int8.probabilities=0.03; may be repeated.",
            show_default=False,
        ),
    ] = None,
    sign: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="KEY", help="Private Ed25519 key (PEM) to sign the folder with.", show_default=False),
    ] = None,
    opset: Annotated[int, typer.Option(min=13, max=20, help="ONNX operator set.")] = 17,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds that building an engine may take.")] = TIME_LIMIT,
    out: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
    classes: ClassesOption = None,
    positive: PositiveOption = None,
    scaling: ScalingOption = None,
    unit: UnitOption = None,
    threshold: ThresholdOption = None,
    crop: CropOption = None,
    size: SizeOption = None,
    images: ImagesOption = None,
    origin: OriginOption = None,
    labelled_by: LabelledByOption = None,
    prevalence: PrevalenceOption = None,
    intended_use: IntendedUseOption = None,
    name: NameOption = None,
) -> None:
    """Convert a run to ONNX, proven unchanged.

    The graph carries an exact heat map beside the score. Writes a new folder MODELS/<run's name>:
    model.onnx, which carries its contract and alone is a model, and what else is asked for;
    parity.json, MODEL_CARD.md, SHA256SUMS. Then points MODELS/latest to it.

    Every file is held against the Keras model, on the validation images and on the golden screens. If one
    does not hold, layers are kept in fp32 until it does. If that fails it is refused, with the reason, and
    the exit code is 5; the files that hold are written all the same. Without fp32 there is no folder.
    """
    from edgecad.errors import UsageError
    from edgecad.system.extras import require_tensorflow
    from edgecad_export.proof.tolerances import tolerances_from_words

    tolerances = tolerances_from_words(tolerance or ())
    said = (classes, positive, scaling, unit, threshold, crop, size, images, origin, labelled_by, prevalence,
            intended_use, name)  # fmt: skip
    about = None
    if is_foreign(run):
        check_there(run)
        about = about_from_options(*said)
        if int8 and images is None:
            raise UsageError("int8 is fitted to images, and a Keras file brings none; add --images FOLDER")
    else:
        refuse_foreign_options(run, *said)
    _check_ready(out, sign, tensorrt)
    require_tensorflow(extra="export")
    from edgecad_export.exporter import ExportRequest, export_run, failure_of, new_name
    from edgecad_export.external.run import foreign_run
    from edgecad_export.runfiles import read_run

    wanted: dict[Precision, bool] = {"fp32": True, "fp16": fp16, "int8": int8}
    precisions = tuple(precision for precision, asked in wanted.items() if asked)
    request = ExportRequest(precisions, opset, tolerances, time_limit if tensorrt else None, sign)
    found = read_run(run) if about is None else foreign_run(run, about, _warn)
    exported = export_run(found, new_name(out, found.contract.name), request, _say)
    _print(exported)
    suffix = "" if out == Path("models") else f" --model {shlex.quote(str(exported.folder))}"
    typer.echo(f"next: edgecad infer SCAN{suffix}")
    failure = failure_of(exported)
    if failure is not None:
        raise failure


def _check_ready(out: Path, key: Path | None, tensorrt: bool) -> None:
    """Find out what is missing before anything slow is imported: an extra, a key, a disk that can be written."""
    from edgecad.engines.gpu import gpu_here
    from edgecad.engines.libraries import chosen_library
    from edgecad.system.extras import check_installed
    from edgecad.system.folders import check_writable
    from edgecad_export.modelfolder.signing import private_key

    check_installed("onnxruntime", extras=("cpu",))
    check_installed("tensorflow", "keras", "h5py", "onnx", "tf2onnx", "sklearn", "pydicom", extras=("export",))
    if tensorrt:
        chosen_library(None, gpu_here())
    if key is not None:
        private_key(key)
    check_writable(out)


def _warn(line: str) -> None:
    typer.echo(f"warning: {line}", err=True)


def _say(step: str) -> None:
    """Tell people who wait; a log has the time as well, because a step may take minutes."""
    before = "..." if sys.stderr.isatty() else f"{datetime.now():%H:%M:%S}"
    typer.echo(f"{before} {step}", err=True)


def _print(exported: Exported) -> None:
    from edgecad.answer.findings import doubts_about
    from edgecad_export.table import table_of

    for line in table_of(exported.files, exported.refused):
        typer.echo(line)
    if exported.golden_spread < 1e-3:
        _warn(
            f"the golden samples' scores differ by {exported.golden_spread:.1e} in all: this model tells nothing "
            "apart; look at its metrics before you use it"
        )
    for doubt in doubts_about(exported.files[0].contract):
        _warn(doubt.text)
    names = ", ".join(f"{entry.name} ({entry.size_bytes / 1e6:.1f} MB)" for entry in exported.files)
    typer.echo(f"wrote {exported.folder}: {names}")
    for name, record in exported.engines.built:
        typer.echo(f"wrote {exported.folder / name}: {record.engine_bytes / 1e6:.1f} MB; {record.proof_words}")
