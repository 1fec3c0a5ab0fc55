"""`edgecad cache`: TensorRT engines of this user: built, listed, cleared; saved benches, and what OpenVINO compiled."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.bench.kept import forget, lines_about_benches, rows_of_benches
from edgecad.cli.compiled import lines_about_compiled, removed_words, rows_of_compiled
from edgecad.cli.completion import values
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import NamedModel
from edgecad.cli.options import JsonOption, KeyOption
from edgecad.engines import TIME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecad.engines.builder import Prove, Recipe
    from edgecad.engines.cache import CachedEngine, Entry
    from edgecad.engines.record import EnginePrecision, EngineRecord

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

    from edgecad.engines.cache import cache_folder, entries

    folder = cache_folder()
    found = entries(folder)
    if json:
        rows = [_row(entry) for entry in found]
        told = {"schema": 1, "folder": str(folder), "engines": rows, "benches": rows_of_benches()}
        told["compiled"] = rows_of_compiled()
        typer.echo(msgspec.json.encode(told).decode())
        return
    typer.echo(f"{_counted(len(found))} in {folder}")
    for entry in found:
        typer.echo(_paragraph(entry))
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
    from edgecad.cli.progress import progress_bars
    from edgecad.engines.cache import cache_folder, engine_for

    recipe, prove = _recipe(named.path, precision, batch, library, key)
    begins = _once(lambda: None if quiet else _tell_time(recipe))

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
        typer.echo(_built_json(engine))
        return
    _say_built(engine)
    typer.echo("next: edgecad cache list")


@app.command()
def clear(json: JsonOption = False) -> None:
    """Remove engines and compiled models.

    They are made again when they are needed. Engines that are being built stay, and so do saved benches: for
    those see edgecad cache forget.
    """
    import msgspec

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
    typer.echo(f"removed {_counted(gone.engines)} ({gone.size_bytes / 1e6:.1f} MB) from {folder}{left}")
    if count:
        typer.echo(removed_words(count, size))
    typer.echo(BUILD)


app.command()(forget)


def _recipe(
    model: Path | None, precision: str | None, batch: int, library: str | None, key: Path | None
) -> tuple[Recipe, Prove]:
    """What this machine would build from a model's file, and what proves it where there is a GPU to run it."""
    from edgecad.engines.builder import recipe_here
    from edgecad.engines.record import Batches
    from edgecad.inference.loading import load_model, runner_proof
    from edgecad.inference.replaying import prove_golden
    from edgecad.modelfiles.file import parse_precision
    from edgecad.runners.tensorrt import engine_proof

    requested = parse_precision(precision)
    _refuse_int8(requested)
    # The reference runtime opens it first, and finds it to be ours.
    loaded = load_model(model, "cpu", requested, key=key)
    own = loaded.contract.precision
    _refuse_int8(own)
    narrow: EnginePrecision = "fp16" if own == "fp16" else "fp32"
    recipe = recipe_here(loaded.file.content, loaded.contract_text, narrow, Batches(1, 1, batch), library)
    prove = runner_proof(loaded.file, loaded.contract_text, loaded.contract, prove_golden)
    return recipe, engine_proof(prove)


def _refuse_int8(precision: str | None) -> None:
    from edgecad.errors import UsageError

    if precision == "int8":
        raise UsageError("int8 is for CPUs; build an engine of the fp16 or fp32 file: --precision fp16")


def _once(action: Callable[[], None]) -> Callable[[], None]:
    """The action, for its first call alone."""
    waiting = [action]
    return lambda: waiting.pop()() if waiting else None


def _tell_time(recipe: Recipe) -> None:
    """Say how long the build may take: as long as the last one of its kind here, which the cache has written down."""
    from edgecad.engines.cache import cache_folder, entries
    from edgecad.system.clock import SOON, rough_words

    own = recipe.identity
    kind = (own.library, own.gpu, own.precision)
    found = [entry.record for entry in entries(cache_folder()) if entry.record is not None]
    alike = [
        record for record in found if kind == (record.identity.library, record.identity.gpu, record.identity.precision)
    ]
    last = max(alike, key=lambda record: record.built, default=None)
    if last is None and sys.stderr.isatty():
        typer.echo("building takes from seconds to many minutes; none of this kind was built here yet", err=True)
    elif last is not None and last.seconds >= SOON:
        typer.echo(
            f"building takes {rough_words(last.seconds)}, roughly: as long as the last one of this kind", err=True
        )


def _say_waiting() -> None:
    typer.echo("edgecad: another process builds this engine; waiting for it", err=True)


def _say_built(engine: CachedEngine) -> None:
    from edgecad.answer.prediction import stamp_of
    from edgecad.contract import contract_from_json

    identity, record = engine.record.identity, engine.record
    contract = contract_from_json(record.contract)
    did = "found" if engine.rebuilt is None else f"built in {record.seconds:g} s ({engine.rebuilt})"
    typer.echo(f"engine of {contract.name} {did}  [{stamp_of(contract.origin)}]")
    typer.echo(
        f"  {contract.backbone}, {identity.precision}, batches of {identity.batches}, "
        f"{identity.library} {identity.library_version}, {record.engine_bytes / 1e6:.1f} MB"
    )
    driver = f", driver {identity.driver}" if identity.driver else ""
    typer.echo(f"  GPU: {identity.gpu}{driver}")
    typer.echo(f"  {engine.path}")
    typer.echo(record.proof_words)


def _built_json(engine: CachedEngine) -> str:
    import msgspec

    row = {"schema": 1, "new": engine.rebuilt is not None, "why": engine.rebuilt}
    return msgspec.json.encode({**row, **_facts(engine.path, engine.record)}).decode()


def _row(entry: Entry) -> dict[str, object]:
    if entry.record is None:
        return {"path": str(entry.path), "fault": entry.fault}
    return {"fault": None, **_facts(entry.path, entry.record)}


def _facts(path: Path, record: EngineRecord) -> dict[str, object]:
    """A record for programs; the contract is long, and stands in the sidecar."""
    import msgspec

    fields = msgspec.structs.asdict(record)
    return {"path": str(path), **{name: fields[name] for name in fields if name not in ("schema", "contract")}}


def _paragraph(entry: Entry) -> str:
    if entry.record is None:
        return f"  {entry.path.name}\n    CANNOT BE USED: {entry.fault}"
    identity = entry.record.identity
    return (
        f"  {entry.path.name}  {entry.record.engine_bytes / 1e6:.1f} MB, built {entry.record.built}\n"
        f"    {_model_words(entry.record.contract)}, {identity.precision}, batches of {identity.batches}\n"
        f"    {identity.library} {identity.library_version}; GPU: {identity.gpu}"
        f"{f', driver {identity.driver}' if identity.driver else ''}\n"
        f"    {entry.record.proof_words}"
    )


def _model_words(text: str) -> str:
    from edgecad.contract import contract_from_json
    from edgecad.errors import ModelInvalid

    try:
        contract = contract_from_json(text)
    except ModelInvalid:  # written by a newer version, say; the engine can still be listed and cleared
        return "a model whose contract this version cannot read"
    return f"{contract.name} ({contract.backbone}, {contract.origin} data)"


def _counted(engines: int) -> str:
    return f"{engines} engine{'' if engines == 1 else 's'}"
