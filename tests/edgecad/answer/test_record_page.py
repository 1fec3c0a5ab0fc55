"""The pages on records and the site's file say what the classes have."""

from __future__ import annotations

import datetime
import re
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad.answer.record_csv import COLUMNS
from edgecad.answer.records import SCHEMA, Record
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.frozen import json_from_struct
from edgecad.site import MAX_BYTES, SiteChoices
from edgecad.spool.index import SpoolRecord

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reference" / "record.md").read_text("utf-8")
SITE = (ROOT / "docs" / "reference" / "site.md").read_text("utf-8")
V1 = msgspec.json.decode((ROOT / "tests" / "edgecad" / "answer" / "record_v1.json").read_bytes())


def tables(page: str, first: str) -> list[list[dict[str, str]]]:
    """Tables of a page whose first column is called so, each row by the names of its columns."""
    found: list[list[dict[str, str]]] = []
    head: list[str] | None = None
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            head = None
        elif head is None and cells[0] == first:
            head = cells
            found.append([])
        elif head is not None and not set(line) <= set("|-"):
            found[-1].append(dict(zip(head, cells, strict=True)))
    return found


FIELDS, WATCH_FIELDS = tables(PAGE, "field")


def of(row: dict[str, str], column: str = "field") -> str:
    return row[column].strip("`")


def allows_null(annotation: Any) -> bool:
    return type(None) in typing.get_args(annotation)


def kind_of(annotation: Any) -> str:
    """A type as the page names it."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        (annotation,) = [each for each in typing.get_args(annotation) if each is not type(None)]
    if annotation is bool:
        return "true or false"
    if annotation is datetime.date:
        return "date"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal or annotation is str:
        return "text"
    if annotation in (int, float):
        return "number"
    if origin is not tuple:
        return "object"
    inner = kind_of(arguments[0])
    if Ellipsis not in arguments:
        return f"two {inner}s"
    return "rows of numbers" if inner == "list of numbers" else f"list of {inner}s"


def test_every_field_stands_in_the_table_in_the_order_of_the_class_and_no_other() -> None:
    assert [of(row) for row in FIELDS] == list(Record.__struct_fields__)
    own = [name for name in SpoolRecord.__struct_fields__ if name not in Record.__struct_fields__]
    assert [of(row) for row in WATCH_FIELDS] == own


@pytest.mark.parametrize("row", [*FIELDS, *WATCH_FIELDS], ids=of)
def test_type_and_null_are_those_of_the_class(row: dict[str, str]) -> None:
    hints = typing.get_type_hints(SpoolRecord)
    name = of(row)
    kind = kind_of(hints[name])
    # The class leaves open how many logits there are.
    assert row["type"] == ("two numbers" if name == "logits" else kind)
    assert (row["null"] == "never") == (not allows_null(hints[name]))


@pytest.mark.parametrize("row", [*FIELDS, *WATCH_FIELDS], ids=of)
def test_since_is_the_schema_in_which_it_first_stood(row: dict[str, str]) -> None:
    assert row["since"] == ("1" if of(row) in V1 else "2")


def test_the_page_names_the_schema_and_what_it_added() -> None:
    assert f"version of this table, today {SCHEMA}" in PAGE
    (versions,) = tables(PAGE, "schema")
    assert [row["schema"] for row in versions] == [str(number) for number in range(1, SCHEMA + 1)]


def test_what_the_csv_leaves_out_is_said() -> None:
    (said,) = re.findall(r"the sum of all stages\. ((?:.|\n)+?) are left out", PAGE)
    left_out = set(Record.__struct_fields__) - COLUMNS.keys() - {"logits", "zone", "recalibration", "uids"}
    the_map = {"heatmap", "full_scale", "region_threshold", "view", "disc", "screen"}
    assert set(re.findall(r"`(\w+)`", said)) == left_out - the_map
    assert the_map <= left_out


def test_every_key_of_the_sites_file_stands_in_its_table_and_no_other() -> None:
    keys = {
        f"{part.name}.{key.name}": key.type
        for part in msgspec.structs.fields(SiteChoices)
        for key in msgspec.structs.fields((typing.get_args(part.type) or (part.type,))[0])
    }
    (rows,) = tables(SITE, "key")
    assert {of(row, "key"): row["type"] for row in rows} == {name: kind_of(kind) for name, kind in keys.items()}
    assert f"more than {MAX_BYTES // 1024} kB" in SITE


def test_the_sites_file_of_the_page_can_be_read(tmp_path: Path) -> None:
    from edgecad.site import read_site

    (text,) = re.findall(r"```text\n(.+?)```", SITE, re.DOTALL)
    (tmp_path / "site.toml").write_text(text)
    (tmp_path / "our-table.json").write_text(json_from_struct(KNOWN_TABLES["jet"]))
    site = read_site(tmp_path / "site.toml")
    assert site.choices.decision.rule == "sensitivity>=0.95"
    assert [table.name for table in site.tables] == ["warm", "jet"]
    assert site.key == tmp_path / "signer.pem"
