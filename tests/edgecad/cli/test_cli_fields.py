"""Options that are fields of a dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from edgecad.cli.fields import takes


@dataclass(frozen=True)
class Oven:
    heat: Annotated[int, typer.Option(min=1, max=300, metavar="C", help="Degrees.")] = 180
    mode: Annotated[Literal["fan", "grill"], typer.Option(help="How it heats.")] = "fan"
    tray: Annotated[Path | None, typer.Option(metavar="FILE", help="What it holds.")] = None


@dataclass(frozen=True)
class Clock:
    minutes: Annotated[float, typer.Option(help="How long.")] = 10.0


def made_by(*words: str) -> tuple[int, str, list[object]]:
    seen: list[object] = []
    app = typer.Typer(rich_markup_mode=None, add_completion=False)

    @app.command()
    @takes(oven=Oven, clock=Clock)
    def bake(
        dish: Annotated[str, typer.Argument(help="What is baked.")],
        oven: Oven,
        quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing.")] = False,
        clock: Clock = Clock(),
    ) -> None:
        """Bake."""
        seen.extend([dish, oven, quiet, clock])

    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output, seen


def test_defaults_are_those_of_the_fields() -> None:
    assert made_by("pie")[2] == ["pie", Oven(), False, Clock()]


def test_words_become_fields() -> None:
    words = ["pie", "--heat", "200", "--mode", "grill", "--tray", "a b", "--minutes", "1.5", "--quiet"]
    assert made_by(*words)[2] == ["pie", Oven(200, "grill", Path("a b")), True, Clock(1.5)]


@pytest.mark.parametrize("words", [("--heat", "0"), ("--mode", "boil"), ("--heat", "x"), ("--none",)])
def test_what_the_types_forbid_is_refused(words: tuple[str, ...]) -> None:
    code, _, seen = made_by("pie", *words)
    assert (code, seen) == (2, [])


def test_help_lists_options_where_the_parameter_stands() -> None:
    text = made_by("--help")[1]
    places = [text.index(each) for each in ("--heat", "--mode", "--tray", "--quiet", "--minutes")]
    assert places == sorted(places)
    assert "Degrees." in text
    assert "[default: 180" in text
