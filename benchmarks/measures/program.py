"""What every program of this folder does: read its options, and keep what was found beside what it depends on.

Options are the fields of a frozen dataclass: `runs: int = option(10, "seeds 0, 1, ...")`. A field without a default is
a word of its own in front of the options.
"""

from __future__ import annotations

import argparse
import json
import types
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from measures.machine import machine

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
OwnOptions = TypeVar("OwnOptions", bound="DataclassInstance")


def option(default: T, words: str, *, choices: Sequence[object] = (), metavar: str | None = None) -> T:
    """An option's default, and what the help says of it."""
    told = {"help": words, "choices": tuple(choices) or None, "metavar": metavar}
    return field(default=default, metadata=told)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What all programs take that keep figures. Defaults are what is claimed; smaller ones try a benchmark out."""

    results: Path = option(Path(__file__).resolve().parents[1] / "results", "folder of what is found")


def read_options(kind: type[OwnOptions], description: str | None, words: Sequence[str] | None = None) -> OwnOptions:
    """Read the command line; other words than the options' end the program with what it takes.

    Args:
        kind: dataclass whose fields are the options: numbers, text, paths, `Literal`, tuples of these, or None.
        words: in place of the command line.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    hints = get_type_hints(kind)
    for each in fields(kind):
        name = each.name if each.default is MISSING else f"--{each.name.replace('_', '-')}"
        parser.add_argument(name, **_argument(each, hints[each.name]))
    told: dict[str, Any] = vars(parser.parse_args(words))
    values: dict[str, Any] = {name: tuple(own) if isinstance(own, list) else own for name, own in told.items()}
    return kind(**values)


def _argument(each: Field[Any], hint: Any) -> dict[str, Any]:
    """What argparse is told of a field."""
    told = {name: value for name, value in each.metadata.items() if value is not None}
    if each.default is not MISSING:
        told["default"] = each.default
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (one for one in get_args(hint) if one is not type(None))
    if get_origin(hint) is tuple:
        hint, *others = get_args(hint)
        told["nargs"] = "*" if others == [Ellipsis] else 1 + len(others)
    if get_origin(hint) is Literal:
        return {"choices": get_args(hint), **told}
    return {"type": hint, **told}


def keep(options: Options, name: str, what: str, found: msgspec.Struct, **beside: object) -> None:
    """Write `name`.json: what was measured, what was found, and the machine.

    Args:
        beside: more that the figures depend on.
    """
    kept = {"what": what, **msgspec.to_builtins(found), "machine": machine(), **beside}
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
