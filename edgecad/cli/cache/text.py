"""What `edgecad cache` prints of engines, for people and programs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import typer

from edgecad.contract import contract_from_json
from edgecad.engines.cache import CachedEngine, Entry
from edgecad.engines.record import EngineRecord
from edgecad.errors import ModelInvalid


def say_built(engine: CachedEngine) -> None:
    """Print what was built, or found."""
    from edgecad.answer.prediction import stamp_of  # numpy, which no list of engines needs

    identity, record = engine.record.identity, engine.record
    contract = contract_from_json(record.contract)
    did = "found" if engine.rebuilt is None else f"built in {record.seconds:g} s ({engine.rebuilt})"
    typer.echo(f"engine of {contract.name} {did}  [{stamp_of(contract.origin)}]")
    typer.echo(
        f"  {contract.system}, {identity.precision}, batches of {identity.batches}, "
        f"{identity.library} {identity.library_version}, {record.engine_bytes / 1e6:.1f} MB"
    )
    driver = f", driver {identity.driver}" if identity.driver else ""
    typer.echo(f"  GPU: {identity.gpu}{driver}")
    typer.echo(f"  {engine.path}")
    typer.echo(record.proof_words)


def built_json(engine: CachedEngine) -> str:
    """The same for programs."""
    row = {"schema": 1, "new": engine.rebuilt is not None, "why": engine.rebuilt}
    return msgspec.json.encode({**row, **_facts(engine.path, engine.record)}).decode()


def row_of(entry: Entry) -> dict[str, object]:
    """One entry of the cache for programs, or what is wrong with it."""
    if entry.record is None:
        return {"path": str(entry.path), "fault": entry.fault}
    return {"fault": None, **_facts(entry.path, entry.record)}


def _facts(path: Path, record: EngineRecord) -> dict[str, object]:
    """A record for programs; the contract is long, and stands in the sidecar."""
    fields = msgspec.structs.asdict(record)
    return {"path": str(path), **{name: fields[name] for name in fields if name not in ("schema", "contract")}}


def paragraph_of(entry: Entry) -> str:
    """The same for people."""
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
    try:
        contract = contract_from_json(text)
    except ModelInvalid:  # written by a newer version, say; the engine can still be listed and cleared
        return "a model whose contract this version cannot read"
    return f"{contract.name} ({contract.system}, {contract.origin} data)"


def counted(engines: int) -> str:
    """How many there are, in words."""
    return f"{engines} engine{'' if engines == 1 else 's'}"
