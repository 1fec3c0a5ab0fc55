"""`edgecad inspect`: what a model is, how it runs here, and which files it has."""

from __future__ import annotations

import typer

from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import NamedModel, model_argument
from edgecad.cli.options import JsonOption, KeyOption, NodesDeviceOption, PrecisionOption

app = CommandApp()


@app.command()
@takes(named=NamedModel)
def inspect(
    named: NamedModel,
    device: NodesDeviceOption = "auto",
    precision: PrecisionOption = None,
    key: KeyOption = None,
    json: JsonOption = False,
) -> None:
    """Show a model's contract, graph, precision and hashes.

    The nodes are those that really run here, after the engine has fused and cast them: a zero image
    is run under ONNX Runtime's profiler. The file is held against its line in SHA256SUMS; the rest is
    for `edgecad verify`.
    """
    from edgecad.cli.inspect.text import json_of, lines_of
    from edgecad.modelfiles.file import parse_precision
    from edgecad.verification.inspection import inspect_model

    model = named.path
    found = inspect_model(model, device, parse_precision(precision), key)
    if json:
        typer.echo(json_of(found))
        return
    for line in lines_of(found):
        typer.echo(line)
    typer.echo(f"next: edgecad verify{model_argument(model)}")
