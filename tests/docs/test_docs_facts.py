"""Tables of the reference say what the program says."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest

from edgecad.contract import Contract
from edgecad.contract.graph import OUTPUT_TABLE
from edgecad.errors import EdgecadError, JudgeDied, errors_of
from edgecad.runners.devices import device_words
from edgecad.spool.supervision.heartbeat import Heartbeat

from .pages import ROOT, inline_code_of, pages, text_of


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the first table whose head begins with `heading`."""
    lines = iter(text_of(page).splitlines())
    for line in lines:
        if line.startswith(f"| {heading} |"):
            break
    next(lines)
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split(" | ")])
    assert found, f"{page} has no table {heading}"
    return found


def words_in(cells: list[str]) -> list[str]:
    return [word for cell in cells for word in re.findall(r"`([^`]+)`", cell)]


def test_the_page_of_commands_is_the_program_s_help() -> None:
    assert text_of("docs/reference/commands.md") == generator().page(), "an option changed: make docs"


def test_the_help_of_the_page_is_what_a_terminal_shows() -> None:
    from typer.testing import CliRunner

    from edgecad.cli.program import app

    shown = CliRunner().invoke(app, ["watch", "--help"], terminal_width=100, prog_name="edgecad")
    assert shown.stdout.strip() in text_of("docs/reference/commands.md")


@pytest.mark.parametrize("page", pages())
def test_options_that_a_page_names_are_options_of_a_command(page: str) -> None:
    known = set(re.findall(r"--[a-z][a-z0-9-]*", text_of("docs/reference/commands.md")))
    named = {option for words in inline_code_of(page) for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", words)}
    assert named <= known


def raised_reasons() -> Iterator[str]:
    """Reasons of refusal in the sources of the runtime: first words of `InputRefused(...)` and `.against(...)`."""
    for path in (ROOT / "edgecad").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in ("InputRefused", "against") and path.name != "command.py":
                    yield str(node.args[0].value)


def test_every_reason_of_refusal_is_explained_and_no_other() -> None:
    explained = [words_in(row[:1])[0] for row in rows("docs/reference/exit-codes.md", "reason")]
    assert sorted(explained) == sorted(set(raised_reasons()))


def test_the_failure_that_has_a_reason_of_its_own_is_explained() -> None:
    assert words_in(rows("docs/reference/exit-codes.md", "failure")[0][:1]) == [JudgeDied.reason]


def test_every_exit_code_is_explained() -> None:
    explained = {int(number) for row in rows("docs/reference/exit-codes.md", "code") for number in row[0].split(", ")}
    assert {0, 1, 130, 143, *(kind.exit_code for kind in errors_of())} == explained


def test_every_error_is_explained_and_no_other() -> None:
    explained = [word for row in rows("docs/python.md", "error") for word in words_in(row[:1])]
    assert sorted(explained) == sorted(kind.__name__ for kind in errors_of() if kind is not EdgecadError)


def test_every_field_of_the_contract_is_explained_and_no_other() -> None:
    explained = [word for row in rows("docs/reference/contract.md", "field") for word in words_in(row[:1])]
    assert sorted(explained) == sorted(Contract.__struct_fields__)


PARTS = text_of("docs/reference/contract-parts.md").partition("\n## Bounds")[0].split("\n## ")[1:]
"""Sections of the page of a contract's parts, each about one type."""


def parts_of(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    """Every struct that a value of this type may hold, and those inside it."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        yield annotation
        for inner in get_type_hints(annotation).values():
            yield from parts_of(inner)
    for argument in get_args(annotation):
        yield from parts_of(argument)


def type_words(annotation: Any) -> str:
    """A type as the page names it."""
    inner = [each for each in get_args(annotation) if each is not type(None)]
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(map(type_words, inner)))
    if origin is Literal:
        return type_words(type(inner[0]))
    if origin is tuple and Ellipsis in inner:
        of = type_words(inner[0])
        return "rows of numbers" if of in ("list of numbers", "row of numbers") else f"list of {of}s"
    if origin is tuple:
        return "row of numbers"
    return {str: "text", bool: "true or false", int: "number", float: "number"}.get(annotation, "object")


def test_every_field_of_every_part_of_a_contract_is_explained_with_its_type_and_no_other() -> None:
    explained = []
    for section in PARTS:
        rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
        explained.append([(name.strip("`"), kind, null == "never") for name, kind, _, null in rows])
    parts = dict.fromkeys(part for part in parts_of(Contract) if part is not Contract)
    wanted = [
        [
            (name, type_words(hint), type(None) not in get_args(hint))
            for name, hint in get_type_hints(part).items()
            if name in part.__struct_fields__
        ]
        for part in parts
    ]
    assert sorted(explained) == sorted(wanted)


def test_every_bound_of_a_contract_is_explained_and_no_other() -> None:
    tolerances = pytest.importorskip("edgecad_export.proof.tolerances", reason="export is not installed")
    explained = [words_in(row[:1])[0] for row in rows("docs/reference/contract-parts.md", "bound")]
    assert explained == [field.name for field in dataclasses.fields(tolerances.Tolerances)]


def test_every_output_of_the_graph_is_explained_and_no_other() -> None:
    explained = [
        (words_in(row[:1])[0], words_in(row[1:2])[0], row[3] == "yes")
        for row in rows("docs/reference/graph.md", "name")
    ]
    assert explained == [(output.name, output.shape, output.required) for output in OUTPUT_TABLE]


def test_every_field_of_the_heartbeat_is_explained_and_no_other() -> None:
    section = text_of("docs/scanner.md").partition("### The heartbeat")[2].partition("\n### ")[0]
    explained = [word for row in re.findall(r"(?m)^\| (`.+?) \|", section) for word in words_in([row])]
    assert sorted(explained) == sorted(Heartbeat.__struct_fields__)


def test_every_device_is_explained_and_no_other() -> None:
    explained = [word for row in rows("docs/scanner.md", "`--device`") for word in words_in(row[:1]) if ":" not in word]
    assert explained == list(device_words())


def test_every_file_of_a_run_is_explained(after_readme: Path) -> None:
    explained = [word for row in rows("docs/reference/run-folder.md", "file") for word in words_in(row[:1])]
    (report,) = after_readme.glob("runs/*/report.html")
    written = [path.name for path in report.parent.iterdir()]
    assert written
    for name in written:
        assert any(fnmatch(name, pattern) for pattern in explained), name
    for pattern in explained:
        assert any(fnmatch(name, pattern) for name in written), pattern


def test_every_file_of_a_model_is_explained(after_readme: Path) -> None:
    explained = [word for row in rows("docs/export.md", "file") for word in words_in(row[:1])]
    (model,) = after_readme.glob("models/*/model.onnx")
    assert {path.name for path in model.parent.iterdir()} <= set(explained)


def test_variables_that_a_page_names_are_read_by_the_program() -> None:
    named = [words_in(row[:1])[0] for row in rows("docs/scanner.md", "variable")]
    rooms = [ROOT / room for room in ("edgecad", "train", "export")]
    sources = "".join(path.read_text("utf-8") for room in rooms for path in room.rglob("*.py"))
    read = set(re.findall(r"\bEDGECAD_[A-Z_]+", sources)) - {"EDGECAD_COMPLETE"}
    assert sorted(named) == sorted(read)
