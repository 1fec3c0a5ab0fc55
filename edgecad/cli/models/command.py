"""`edgecad models`: the words of its three commands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.grammar import CommandApp
from edgecad.cli.options import DeviceOption, JsonOption, KeyOption
from edgecad.modelfiles.file import VARIABLE
from edgecad.system.folders import LATEST

if TYPE_CHECKING:
    from edgecad.cli.models.text import Shelf
    from edgecad.models.choosing import Chosen

ModelsOption = Annotated[
    Path | None,
    typer.Option(
        "--models",
        metavar="FOLDER",
        help="Folder of the models. Default: that of $EDGECAD_MODEL, if this is a pointer; then models.",
        show_default=False,
    ),
]

app = CommandApp()


@app.callback(invoke_without_command=True)
def models(ctx: typer.Context) -> None:
    """List models, and put one of them in force.

    The file FOLDER/latest names the model that commands take if none is given. FOLDER/latest-history.json keeps what
    it named before. edgecad export changes it, too.
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(2)


@app.command("list")
def show(models: ModelsOption = None, key: KeyOption = None, json: JsonOption = False) -> None:
    """List the models: which one is in force, what is wrong.

    Files are held against their sums, with --key also against the signature. Nothing is run.
    """
    from edgecad.cli.models.text import json_of, lines_of

    shelf = _shelf(_folder(models), key)
    if json:
        typer.echo(json_of(shelf))
        return
    for line in lines_of(shelf):
        typer.echo(line)
    _tell_of_variable(shelf.folder)


def _names(context: typer.Context) -> list[str]:
    """Offer names of models to the shell."""
    folder = _folder(context.params.get("models"))
    return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


@app.command()
def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model's folder in FOLDER.", autocompletion=_names)],
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    key: KeyOption = None,
    json: JsonOption = False,
) -> None:
    """Put a model in force, once it is checked.

    Its files must be as they were exported, and it must answer the golden samples here as at export; otherwise the
    one that is in force stays. A watch that runs goes on with its own model, and says in its log and its heartbeat
    that another one is in force; start it again to take it.
    """
    from edgecad.models.choosing import choose, named_folder

    folder = _folder(models)
    _tell(folder, choose(named_folder(folder, name), "edgecad models use", device, key), json)


@app.command()
def rollback(
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    key: KeyOption = None,
    json: JsonOption = False,
) -> None:
    """Put the model in force that was before, once it is checked.

    Each rollback goes one step further back. The model is checked as by edgecad models use.
    """
    from edgecad.modelfiles.pointer import ROLLBACK
    from edgecad.models.choosing import choose, folder_before

    folder = _folder(models)
    _tell(folder, choose(folder_before(folder), ROLLBACK, device, key), json)


def _folder(given: Path | None) -> Path:
    """The folder of models that is meant."""
    from edgecad.cli.models.text import default_folder

    return given or default_folder()


def _shelf(folder: Path, key: Path | None) -> Shelf:
    from edgecad.cli.models.text import Shelf
    from edgecad.errors import ModelInvalid, UsageError
    from edgecad.modelfiles.pointer import in_force_before, model_in_force, read_history
    from edgecad.models.listing import list_models

    models = list_models(folder, key)
    in_force, pointer_fault = None, None
    try:
        in_force = model_in_force(folder)
    except UsageError as error:
        pointer_fault = str(error)
    try:
        history, history_fault = read_history(folder), None
    except ModelInvalid as error:
        history, history_fault = (), str(error)
    before = in_force_before(history, in_force) if in_force else ()
    return Shelf(folder, models, in_force, pointer_fault, before, history, history_fault)


def _tell(folder: Path, chosen: Chosen, json: bool) -> None:
    if chosen.remark:
        typer.echo(f"warning: {chosen.remark}", err=True)
    if json:
        import msgspec

        facts = {"in_force": chosen.name, "before": chosen.before, "device": chosen.device}
        row = {"schema": 1, "folder": str(folder), **facts, "precision": chosen.precision}
        typer.echo(msgspec.json.encode(row).decode())
    elif chosen.before == chosen.name:
        typer.echo(f"{chosen.name} is in force already, and answers its golden samples on {chosen.device}")
    else:
        typer.echo(f"in force: {chosen.name}; before: {chosen.before or 'none'}")
        typer.echo("a watch or a program that runs goes on with its own model; start it again to take this one")
    _tell_of_variable(folder)
    if not json:
        from edgecad.cli.models.text import models_words

        typer.echo(f"next: edgecad models list{models_words(folder)}")


def _tell_of_variable(folder: Path) -> None:
    """A variable that names a model takes the place of the pointer."""
    named = os.environ.get(VARIABLE)
    if named and Path(named).absolute() != (folder / LATEST).absolute():
        typer.echo(f"note: ${VARIABLE} is set, so commands take {named}, and not {folder / LATEST}", err=True)
