"""Options that are fields of a dataclass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.testing import CliRunner

from edgecad.cli.fields import After, given, takes, words_of


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


@dataclass(frozen=True)
class Recipe:
    name: Annotated[str, typer.Option(metavar="NAME", help="What it is called.")] = "pie"
    for_whom: Annotated[str | None, typer.Option("--guest", help="Who eats it.")] = None
    salted: Annotated[bool, typer.Option("--salt/--no-salt", help="Whether it has salt.")] = False
    grams: Annotated[float, typer.Option(help="How much."), After("quiet")] = 0.5
    secret: Annotated[int, typer.Option(help="Not for everybody."), After("grams")] = 3


def cooked_by(*words: str) -> tuple[Any, list[Any]]:
    seen: list[Any] = []
    app = typer.Typer(rich_markup_mode=None, add_completion=False)

    @app.command()
    @takes("secret", recipe=Recipe)
    def cook(
        context: typer.Context,
        recipe: Recipe,
        pot: Annotated[str, typer.Argument(help="Where.")] = "pot",
        quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing.")] = False,
        last: Annotated[int, typer.Option(help="The last one.")] = 0,
    ) -> None:
        """Cook."""
        seen.extend([recipe, given(context)])

    return CliRunner().invoke(app, list(words)), seen


def test_a_field_stands_after_the_option_that_it_names() -> None:
    text = cooked_by("--help")[0].output
    places = [text.index(each) for each in ("--name", "--guest", "--salt", "--quiet", "--grams", "--last")]
    assert places == sorted(places)


def test_a_field_that_is_left_out_is_no_option_and_keeps_its_default() -> None:
    assert "--secret" not in cooked_by("--help")[0].output
    assert cooked_by("--secret", "4")[0].exit_code == 2
    assert cooked_by()[1][0] == Recipe()


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe("a b", "Ann", True, 0.25),
        Recipe(salted=True),
        Recipe(grams=1e-7),
        Recipe(grams=1 / 3),
        Recipe("--odd"),
    ],
)
@pytest.mark.parametrize("defaults", [False, True])
def test_options_are_given_back_in_their_own_words(recipe: Recipe, defaults: bool) -> None:
    words = [word for one in words_of(recipe, ("secret",), defaults) for word in one]
    done, (seen, _) = cooked_by(*words)
    assert (done.exit_code, seen) == (0, recipe)


def test_only_what_differs_is_told_unless_defaults_are_wanted() -> None:
    assert list(words_of(Recipe())) == []
    assert list(words_of(Recipe("pie", "Ann", True))) == [["--guest", "Ann"], ["--salt"]]
    assert list(words_of(Recipe(), ("secret",), defaults=True)) == [["--name", "pie"], ["--grams", "0.5"]]


def test_what_stands_on_the_command_line_is_known_even_if_it_is_the_default() -> None:
    assert cooked_by()[1][1] == ()
    assert cooked_by("my pot", "--quiet", "--name", "pie", "--guest", "x")[1][1] == (
        "--name", "--guest", "POT", "--quiet",
    )  # fmt: skip
