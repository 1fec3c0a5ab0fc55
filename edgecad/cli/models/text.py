"""A folder of models in words, and as JSON."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgecad.cli.table import table_lines
from edgecad.modelfiles.file import DEFAULT, VARIABLE
from edgecad.modelfiles.pointer import PointerChange
from edgecad.models.listing import ListedModel
from edgecad.system.folders import LATEST

TITLES = ("", "model", "created", "backbone", "files", "data", "threshold", "signed")
SIGNED = {"none": "no", "not checked": "yes, not checked", "holds": "yes, by this key"}


@dataclass(frozen=True)
class Shelf:
    """What a folder of models holds, and what its pointer names and named.

    Attributes:
        pointer_fault, history_fault: why it cannot be read; None where it can.
        before: models that were in force before, the last one last.
    """

    folder: Path
    models: Sequence[ListedModel]
    in_force: str | None
    pointer_fault: str | None
    before: Sequence[str]
    history: Sequence[PointerChange]
    history_fault: str | None


def lines_of(shelf: Shelf) -> Iterator[str]:
    """The table, then what is in force and what was before it."""
    step = f"next: edgecad models use NAME{models_words(shelf.folder)}"
    if not shelf.models:
        yield f"no models in {shelf.folder}"
    else:
        yield from table_lines(TITLES, (_row(entry, shelf.in_force) for entry in shelf.models), "lllllrrl")
    if shelf.pointer_fault:
        yield f"no model is in force: {shelf.pointer_fault}"
    elif shelf.in_force is None:
        yield f"no model is in force; {step}"
    elif shelf.in_force not in {entry.name for entry in shelf.models}:
        yield f"{shelf.in_force} is in force and is not there; {step}"
    else:
        yield f"* in force: {shelf.in_force}{_since(shelf)}"
        yield from _before(shelf)


def json_of(shelf: Shelf) -> str:
    """The same for programs."""
    return msgspec.json.encode(
        {
            "schema": 1,
            "folder": str(shelf.folder),
            "in_force": shelf.in_force,
            "pointer_fault": shelf.pointer_fault,
            "before": shelf.before,
            "models": [_facts(entry, shelf.in_force) for entry in shelf.models],
            "history": shelf.history,
            "history_fault": shelf.history_fault,
        }
    ).decode()


def models_words(folder: Path) -> str:
    """What follows a command in a next step, so that it takes the same folder of models: nothing where it does."""
    return "" if folder == default_folder() else f" --models {shlex.quote(str(folder))}"


def default_folder() -> Path:
    """The folder of models that is meant where none is named: that of a pointer in $EDGECAD_MODEL, else `models`."""
    named = Path(os.environ.get(VARIABLE) or DEFAULT)
    return (named if named.name == LATEST else DEFAULT).parent


def _row(entry: ListedModel, in_force: str | None) -> tuple[str, ...]:
    mark, contract = "*" if entry.name == in_force else "", entry.contract
    if contract is None:
        return mark, entry.name, f"CANNOT BE USED: {entry.fault}"
    threshold, files = f"{contract.fused.decision.threshold:.3f}", " ".join(entry.precisions)
    return (
        mark,
        entry.name,
        contract.created[:10],
        contract.system,
        files,
        contract.origin,
        threshold,
        SIGNED[entry.signature],
    )


def _facts(entry: ListedModel, in_force: str | None) -> dict[str, object]:
    contract = entry.contract
    return {
        "name": entry.name,
        "in_force": entry.name == in_force,
        "created": contract.created if contract else None,
        "backbone": contract.backbone if contract else None,
        "precisions": entry.precisions,
        "origin": contract.origin if contract else None,
        "threshold": contract.fused.decision.threshold if contract else None,
        "signature": entry.signature,
        "fault": entry.fault,
    }


def _since(shelf: Shelf) -> str:
    """When and by what the pointer came to name its model, where the history says it."""
    last = shelf.history[-1] if shelf.history else None
    return f", since {last.time} by {last.command}" if last and last.after == shelf.in_force else ""


def _before(shelf: Shelf) -> Iterator[str]:
    if shelf.history_fault:
        yield f"what was in force before is not known: {shelf.history_fault}"
    elif shelf.before:
        yield f"before it: {shelf.before[-1]}; to go back: edgecad models rollback{models_words(shelf.folder)}"
