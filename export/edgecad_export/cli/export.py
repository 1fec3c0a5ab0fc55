"""`edgecad export`: a run folder in, a proven model folder out."""

from __future__ import annotations

import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import one_model
from edgecad.errors import ModelInvalid, UsageError
from edgecad_export.cli.ensemble import check_members, ensemble_of
from edgecad_export.external.about import SUFFIXES, ExternalModel
from edgecad_export.request import ExportRequest

if TYPE_CHECKING:
    from edgecad_export.exported import Exported

app = CommandApp()


@app.command()
@takes(request=ExportRequest, about=ExternalModel)
def export(
    *,
    named: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RUN|MODEL",
            help="Run folder, the pointer to one, or a Keras model of someone else (.keras, .h5). Default: "
            "runs/latest. With --ensemble two run folders or more.",
            show_default=False,
        ),
    ] = None,
    same_model: Annotated[
        Path | None,
        typer.Option("--model", metavar="RUN|MODEL", help="The run or model, given as an option.", show_default=False),
    ] = None,
    ensemble: Annotated[
        bool,
        typer.Option(
            "--ensemble",
            help="Join the named runs, which share scans, split and input, into one model whose logits are the mean of "
            "theirs. Its run folder is made beside the first one.",
        ),
    ] = False,
    request: ExportRequest,
    out: Annotated[Path, typer.Option(metavar="MODELS", help="Folder of the models.")] = Path("models"),
    about: ExternalModel,
) -> None:
    """Convert a run to ONNX, proven unchanged.

    The graph carries an exact heat map beside the score. Writes a new folder MODELS/<run's name>:
    model.onnx, which carries its contract and alone is a model, and what else is asked for;
    parity.json, MODEL_CARD.md, SHA256SUMS. Then points MODELS/latest to it. With --ensemble several
    runs become one model.

    Every file is held against the Keras model, on the validation images and on the golden screens. If one
    does not hold, layers are kept in fp32 until it does. If that fails it is refused, with the reason, and
    the exit code is 5; the files that hold are written all the same. Without fp32 there is no folder.
    """
    runs = named or []
    if ensemble:
        check_members(runs, same_model)
    elif len(runs) > 1:
        raise UsageError(
            f"{len(runs)} runs were named, and each gets a model of its own: export them one by one, or join them into "
            "one model with --ensemble"
        )
    run = one_model(runs[0] if runs else None, same_model, "RUN|MODEL") or Path("runs/latest")
    external = is_external(run) and not ensemble
    if external:
        _check_external(run, about, request)
    else:
        refuse_external_options(run, about)
    _check_ready(out, request)
    from edgecad_export.exported import failure_of
    from edgecad_export.exporter import export_run, new_name
    from edgecad_export.external.run import external_run
    from edgecad_export.runfiles import read_run

    if ensemble:
        run = ensemble_of(runs)
        typer.echo(f"wrote {run}: the run folder of the ensemble")
    found = external_run(run, about, _warn) if external else read_run(run)
    exported = export_run(found, new_name(out, found.contract.name), request, _say)
    _print(exported)
    suffix = "" if out == Path("models") else f" --model {shlex.quote(str(exported.folder))}"
    typer.echo(f"next: edgecad infer SCAN{suffix}")
    failure = failure_of(exported)
    if failure is not None:
        raise failure


def is_external(path: Path) -> bool:
    """Whether a Keras model is named rather than a run folder."""
    saved_model = (path / "saved_model.pb").is_file()
    return saved_model or (path.suffix.lower() in SUFFIXES and not (path / "contract.json").is_file())


def _check_external(model: Path, about: ExternalModel, request: ExportRequest) -> None:
    """A name that is nothing is said before any question about it."""
    if not model.exists():
        raise ModelInvalid(f"no model at {model}; name a .keras or .h5 file, or a run folder")
    about.check_complete()
    if request.int8 and about.images is None:
        raise UsageError("int8 is fitted to images, and a Keras file brings none; add --images FOLDER")


def refuse_external_options(run: Path, about: ExternalModel) -> None:
    """A run folder says all of this itself.

    Raises:
        UsageError: any of them was given.
    """
    if about.described:
        raise UsageError(
            f"{run} is a run folder, whose contract says what a model of someone else must be told; leave out "
            "--classes, --positive, --scaling and the options after them"
        )


def _check_ready(out: Path, request: ExportRequest) -> None:
    """Find out what is missing before anything slow is imported: an extra, a key, a disk that can be written."""
    from edgecad.engines.gpu import gpu_here
    from edgecad.engines.libraries import chosen_library
    from edgecad.system.extras import check_installed, require_tensorflow
    from edgecad.system.folders import check_writable
    from edgecad_export.modelfolder.signing import private_key

    check_installed("onnxruntime", extras=("cpu",))
    check_installed("tensorflow", "keras", "h5py", "onnx", "tf2onnx", "sklearn", "pydicom", extras=("export",))
    if request.tensorrt:
        chosen_library(None, gpu_here())
    if request.sign is not None:
        private_key(request.sign)
    check_writable(out)
    require_tensorflow(extra="export")


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
