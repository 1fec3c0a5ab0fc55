"""The study that a folder holds already: read, compared with the one that a command names, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgecad.errors import UsageError
from edgecad.frozen import SchemaNumber
from edgecad_train.runs.older import Json, with_later_settings
from edgecad_train.study.definition.spec import SCHEMA, STUDY, Study, StudySpec

DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, UsageError, KeyError, TypeError)
"""What decoding a damaged study raises; settings check themselves."""


def study_in(folder: Path) -> Study | None:
    """The study that a folder holds; None where the folder is new or empty.

    Raises:
        UsageError: it holds other files, or a study that is damaged or of another version.
    """
    file = folder / STUDY
    if not file.is_file():
        if folder.exists() and (not folder.is_dir() or any(path.name != "locks" for path in folder.iterdir())):
            raise UsageError(f"{folder} is in use and holds no study; choose another --out")
        return None
    try:
        text = file.read_bytes()
        schema = msgspec.json.decode(text, type=SchemaNumber).schema
        if schema == SCHEMA:
            return study_from_json(text)
    except DAMAGED as error:
        raise UsageError(f"{file} is damaged ({error}); choose another --out, or remove {folder}") from error
    if schema > SCHEMA:
        raise UsageError(f"{folder} holds a study of a newer edgecad; update edgecad, or choose another --out")
    raise UsageError(
        f"{folder} holds a study of an earlier edgecad, whose runs this version cannot read; finish it with that "
        "version, or begin a new study with another --out"
    )


def study_from_json(text: bytes) -> Study:
    """A study of this schema; what it says nothing of because it came later means what was before.

    Raises:
        one of `DAMAGED`: it is damaged.
    """
    old: Json = msgspec.json.decode(text)
    units = [with_later_settings(unit) for unit in old["units"]]
    return msgspec.convert({**old, "spec": with_later_settings(old["spec"]), "units": units}, Study, strict=True)


def refuse_other(folder: Path, before: StudySpec, now: StudySpec) -> None:
    """See that what a folder was begun with is what a command says, or raise `UsageError` with what differs."""
    told = difference(before, now)
    if told is not None:
        raise UsageError(f"{folder} holds another study ({told}); choose another --out, or give the same options")


def difference(before: StudySpec, now: StudySpec) -> str | None:
    """Say in words in what two definitions differ, or None where they do not."""
    told = [
        f"{name} {_short(there)} there, {_short(here)} here"
        for name, there, here in _differing(msgspec.to_builtins(before), msgspec.to_builtins(now), "")
    ]
    return "; ".join(told) if told else None


def _differing(before: Any, now: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*before, *now)):
            yield from _differing(before.get(key), now.get(key), f"{name} {key}".strip())
    elif _named(before) and _named(now):
        yield from _differing(_by_name(before), _by_name(now), name)
    elif before != now:
        yield name, before, now


def _named(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) and "name" in v for v in value)
    )


def _by_name(values: Any) -> dict[str, Any]:
    return {value["name"]: value for value in values}


def _short(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        return "given" if "name" in value else str(dict(value))
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 and " " not in text else text
