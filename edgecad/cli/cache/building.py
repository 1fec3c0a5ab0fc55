"""What `edgecad cache build` would build for this machine, and how long that may take."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from edgecad.engines.builder import Prove, Recipe, recipe_here
from edgecad.engines.cache import cache_folder, entries
from edgecad.engines.record import Batches, EnginePrecision
from edgecad.errors import UsageError
from edgecad.inference.loading import load_model, runner_proof
from edgecad.inference.replaying import prove_golden
from edgecad.modelfiles.file import parse_precision
from edgecad.runners.tensorrt import engine_proof
from edgecad.system.clock import SOON, rough_words


def recipe_of(
    model: Path | None, precision: str | None, batch: int, library: str | None, key: Path | None
) -> tuple[Recipe, Prove]:
    """What this machine would build from a model's file, and what proves it where there is a GPU to run it.

    Raises:
        UsageError: the file is int8, or there is no such precision or library.
        ModelInvalid, NotAvailable: as for `load_model`, on a CPU.
    """
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
    if precision == "int8":
        raise UsageError("int8 is for CPUs; build an engine of the fp16 or fp32 file: --precision fp16")


def tell_time(recipe: Recipe) -> None:
    """Say how long the build may take: as long as the last one of its kind here, which the cache has written down."""
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
