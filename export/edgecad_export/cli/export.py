"""`edgecad export`: a run folder in, a proven model folder out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder, or the pointer to one.")] = Path("runs/latest"),
    opset: Annotated[int, typer.Option(min=13, max=20, help="ONNX operator set.")] = 17,
    out: Annotated[Path, typer.Option(help="Folder of the models.")] = Path("models"),
) -> None:
    """Convert a run to ONNX, proven unchanged.

    The graph carries an exact heat map beside the score. Writes
    MODELS/<run's name>/model.onnx, which carries its contract and alone is a model, and
    parity.json; points MODELS/latest to the folder. A file that does not answer as the Keras model
    does is not written: exit code 5.
    """
    from edgecad.extras import require, require_tensorflow

    require("onnxruntime", extra="cpu")
    require_tensorflow(extra="export")
    for module in ("onnx", "tf2onnx", "pydicom"):
        require(module, extra="export")
    from edgecad_export.exporter import export_run
    from edgecad_export.parity import Tolerances
    from edgecad_export.runfiles import read_run

    found = read_run(run)
    exported = export_run(found, out / found.contract.name, opset, Tolerances())
    p = exported.parity
    typer.echo(f"parity with Keras on {p.images} validation images:")
    typer.echo(f"  logit difference       {p.logits:.1e} of their scale")
    typer.echo(f"  heat map correlation   {p.heatmap_correlation:.7f}")
    typer.echo(f"  identity error         {p.identity:.1e}   mean(cam) + cam_bias == logits")
    typer.echo(f"  decision flips         {p.flips}")
    if exported.golden_spread < 1e-3:
        typer.echo(
            f"warning: the golden samples' scores differ by {exported.golden_spread:.1e} in all: this model tells "
            "nothing apart; look at its metrics before you use it",
            err=True,
        )
    typer.echo(f"wrote {exported.folder / 'model.onnx'} ({exported.size_bytes / 1e6:.1f} MB, fp32)")
    suffix = "" if out == Path("models") else f" --model {shlex.quote(str(exported.folder))}"
    typer.echo(f"next: edgecad infer SCAN{suffix}")
