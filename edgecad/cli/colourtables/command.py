"""`edgecad table`: the words of its three commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgecad.cli.completion import values
from edgecad.cli.grammar import CommandApp
from edgecad.cli.options import JsonOption, MapOption

app = CommandApp()


@app.callback(invoke_without_command=True)
def table(ctx: typer.Context) -> None:
    """List, show and learn colour tables.

    A table says which colour a workstation draws for which uptake, from the low end to the high end. Through it
    uptake is read from a scan's colours.
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(2)


@app.command("list")
def list_tables(json: JsonOption = False) -> None:
    """List the tables that are known by name."""
    import msgspec

    from edgecad.cli.colourtables.text import list_lines
    from edgecad.colourtables.known import KNOWN_TABLES

    if json:
        typer.echo(msgspec.json.encode({"schema": 1, "tables": list(KNOWN_TABLES.values())}).decode())
        return
    for line in list_lines(KNOWN_TABLES.values()):
        typer.echo(line)
    typer.echo("next: edgecad table show NAME; a table of your own: edgecad table learn SCREEN --out FILE")


@app.command()
def show(
    named: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A known table, or a file of edgecad table learn.")],
    out: Annotated[
        Path | None, typer.Option(metavar="PICTURE.png", help="Draw it with its levels, as PNG.", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show a table: its points, its low and its high end.

    On a terminal its colours are shown as well.
    """
    import msgspec

    from edgecad.cli.colourtables.text import print_colours, table_words
    from edgecad.colourtables.files import table_from_word

    found = table_from_word(named)
    if out is not None:
        from edgecad.cli.colourtables.picture import write_picture

        write_picture(found, out)
    if json:
        typer.echo(msgspec.json.encode({"schema": 1, "table": found}).decode())
        return
    for line in table_words(found):
        typer.echo(line)
    print_colours(found)
    if out is not None:
        typer.echo(f"wrote {out}")


@app.command()
def learn(
    screen: Annotated[
        Path,
        typer.Argument(
            help="A screen with a map and its colour bar, a picture of a bar alone, or a folder of scans.",
            metavar="SCREEN",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The table's file, JSON; it must not exist.")],
    bar: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y,W,H",
            help="The bar's left, top, width and height in pixels. Default: it is looked for beside the map.",
            show_default=False,
        ),
    ] = None,
    low: Annotated[
        str | None,
        typer.Option(
            metavar="bottom|top|left|right",
            help="Where the low end is. Default: told by the numbers beside the bar, or its "
            "position, and by the map; asked for where these do not agree.",
            autocompletion=values("bottom", "top", "left", "right"),
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The table's name. Default: the file's.", show_default=False)
    ] = None,
    map_: MapOption = None,
    json: JsonOption = False,
) -> None:
    """Learn a table from a colour bar.

    A folder of scans without a bar gives a draft: the order of the colours, without their scale, for a person to look
    at. No command answers through it. Exit code 2: what was named is no bar, or one that cannot be a table; 3: the
    screen cannot be read, or there is no bar on it.
    """
    import msgspec

    from edgecad.cli.colourtables.learning import LearnRequest, learnt
    from edgecad.cli.colourtables.text import learnt_words

    found = learnt(LearnRequest(screen, out, bar, low, name, map_))
    if json:
        typer.echo(msgspec.json.encode({"schema": 1, "file": str(out), **found.facts}).decode())
        return
    for line in learnt_words(found, screen, out):
        typer.echo(line)
