"""`edgecad cache`: TensorRT engines of this user: built, listed, cleared; saved benches, and what OpenVINO compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.cache.benches import forget, lines_about_benches, rows_of_benches
from edgecad.cli.cache.compiled import lines_about_compiled, removed_words, rows_of_compiled
from edgecad.cli.completion import values
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import NamedModel
from edgecad.cli.options import JsonOption, KeyOption
from edgecad.engines import TIME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable


BUILD = "next: edgecad cache build MODEL, where there is an NVIDIA GPU"

app = CommandApp()


@app.callback(invoke_without_command=True)
def cache(ctx: typer.Context) -> None:
    """List and clear engines, compiled models and benches.

    They lie in $EDGECAD_CACHE, else where this system keeps caches. engines has TensorRT engines, compiled has
    models that OpenVINO compiled. Each is good for one model, precision, library version, device, driver and
    machine; where anything differs it is made again. benches has what edgecad bench --save recorded, which
    auto takes.
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(2)


@app.command("list")
def show(json: JsonOption = False) -> None:
    """List engines, compiled models and saved benches, and what is wrong with any."""
    import msgspec

    from edgecad.cli.cache.text import counted, paragraph_of, row_of
    from edgecad.engines.cache import cache_folder, entries

    folder = cache_folder()
    found = entries(folder)
    if json:
        rows = [row_of(entry) for entry in found]
        told = {"schema": 1, "folder": str(folder), "engines": rows, "benches": rows_of_benches()}
        told["compiled"] = rows_of_compiled()
        typer.echo(msgspec.json.encode(told).decode())
        return
    typer.echo(f"{counted(len(found))} in {folder}")
    for entry in found:
        typer.echo(paragraph_of(entry))
    for line in (*lines_about_compiled(), *lines_about_benches()):
        typer.echo(line)
    typer.echo("next: edgecad cache clear" if found else BUILD)


@app.command()
@takes(named=NamedModel)
def build(
    named: NamedModel,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="fp32|fp16",
            help="Which file of a model folder. Default: fp32; a lone file is what it is.",
            autocompletion=values("fp32", "fp16"),
            show_default=False,
        ),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=256, help="Most images that it will take at once.")] = 8,
    library: Annotated[
        str | None,
        typer.Option(
            metavar="tensorrt|tensorrt_rtx",
            help="Which library builds. Default: tensorrt where it and a GPU are, else tensorrt_rtx.",
            show_default=False,
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Seconds after which a build is ended.")
    ] = TIME_LIMIT,
    key: KeyOption = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: JsonOption = False,
) -> None:
    """Build the TensorRT engine of a model for this machine.

    Nothing is done if the engine is there already and fits. Building runs in a process of its own, and
    takes from a second to many minutes. The engine must answer the golden samples as at export. TensorRT-RTX
    builds without a GPU as well, full TensorRT only with one; an engine that was built without one never ran, is
    called unproven, and no --device uses it. Exit code 4: no library or no GPU for it; 5: it answers otherwise
    than at export; 7: the engine was not built.
    """
    from edgecad.cli.cache.building import recipe_of, tell_time
    from edgecad.cli.cache.text import built_json, say_built
    from edgecad.cli.progress import progress_bars
    from edgecad.engines.cache import cache_folder, engine_for

    recipe, prove = recipe_of(named.path, precision, batch, library, key)
    begins = _once(lambda: None if quiet else tell_time(recipe))

    with progress_bars(quiet) as bars:

        def progress(phase: str, done: int, total: int) -> None:
            begins()
            bars("engine", done, total, phase.lower())

        engine = engine_for(
            recipe,
            cache_folder(),
            time_limit,
            progress=progress,
            waiting=_say_waiting,
            prove=prove,
        )
    if json:
        typer.echo(built_json(engine))
        return
    say_built(engine)
    typer.echo("next: edgecad cache list")


@app.command()
def clear(json: JsonOption = False) -> None:
    """Remove engines and compiled models.

    They are made again when they are needed. Engines that are being built stay, and so do saved benches: for
    those see edgecad cache forget.
    """
    import msgspec

    from edgecad.cli.cache.text import counted
    from edgecad.engines.cache import cache_folder
    from edgecad.engines.cache import clear as clear_folder
    from edgecad.engines.compiled import clear_compiled, compiled_folder

    folder = cache_folder()
    gone, (count, size) = clear_folder(folder), clear_compiled(compiled_folder())
    if json:
        record = {"schema": 1, "folder": str(folder), "removed": gone.engines, "bytes": gone.size_bytes}
        own = {"compiled_removed": count, "compiled_bytes": size}
        typer.echo(msgspec.json.encode({**record, "left": gone.left, **own}).decode())
        return
    left = f"; left {gone.left} that are being built" if gone.left else ""
    typer.echo(f"removed {counted(gone.engines)} ({gone.size_bytes / 1e6:.1f} MB) from {folder}{left}")
    if count:
        typer.echo(removed_words(count, size))
    typer.echo(BUILD)


app.command()(forget)


def _once(action: Callable[[], None]) -> Callable[[], None]:
    """The action, for its first call alone."""
    waiting = [action]
    return lambda: waiting.pop()() if waiting else None


def _say_waiting() -> None:
    typer.echo("edgecad: another process builds this engine; waiting for it", err=True)
