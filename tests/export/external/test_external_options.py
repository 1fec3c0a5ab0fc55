"""Options for a model of someone else: what must be said is asked for in one line, the rest has defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from edgecad.cli.fields import takes, words_of
from edgecad.errors import UsageError
from edgecad_export.cli.export import is_external, refuse_external_options
from edgecad_export.external.about import ExternalModel

LEAST = ExternalModel(classes="CAD, nonCAD", positive="CAD", scaling="tf")
ALL = {
    "classes": "a,b", "positive": "b", "scaling": "none", "unit": "a", "linear_end": "logits", "threshold": 0.2,
    "crop": "polar-map", "input": "uptake", "table": ["jet", "grey"], "map": "2/3", "size": 96,
    "images": Path("scans"), "origin": "mixed", "labelled_by": "one reader", "prevalence": 0.4,
    "intended_use": "A study.", "name": "theirs",
}  # fmt: skip
Words = Callable[..., tuple[int, str, list[ExternalModel]]]


@pytest.fixture
def words() -> Words:
    """Give a command words: its exit code, what it says on stderr, and what it was handed."""

    def run(*given: str) -> tuple[int, str, list[ExternalModel]]:
        handed: list[ExternalModel] = []
        app = typer.Typer(rich_markup_mode=None, add_completion=False)

        @app.command()
        @takes(about=ExternalModel)
        def command(about: ExternalModel) -> None:
            handed.append(about)

        done = CliRunner().invoke(app, list(given))
        return done.exit_code, done.stderr, handed

    return run


def test_three_options_are_enough() -> None:
    LEAST.check_complete()
    assert LEAST.class_names == ("CAD", "nonCAD")
    assert (LEAST.positive_class, LEAST.input_scaling) == ("CAD", "tf")
    assert (LEAST.decision_threshold, LEAST.screen_crop) == (0.5, "polar-map")


def test_each_option_reaches_its_place(words: Words) -> None:
    assert ALL.keys() == {field.name for field in fields(ExternalModel)}
    given = [word for option in words_of(ExternalModel(**ALL)) for word in option]  # type: ignore[arg-type]
    assert given.count("--table") == 2
    code, said, handed = words(*given)
    assert (code, said) == (0, "")
    (about,) = handed
    assert {field.name: getattr(about, field.name) for field in fields(about)} == ALL


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("--scaling", "imagenet", ("tf", "unit", "caffe", "torch", "efficientnet", "none")),
        ("--crop", "disc", ("polar-map", "none")),
        ("--origin", "people", ("phantom", "patients", "mixed")),
    ],
)
def test_a_word_of_no_list_is_refused_with_the_list(
    words: Words, option: str, value: str, allowed: tuple[str, ...]
) -> None:
    code, said, handed = words(option, value)
    assert (code, handed) == (2, [])
    assert all(word in said for word in (option, value, *allowed))


def test_someone_elses_model_sees_colours_unless_it_is_said() -> None:
    assert (LEAST.seen_input, LEAST.colour_tables, LEAST.place) == ("rgb", (), None)
    uptake = replace(LEAST, input="uptake", table=["jet", "jet", "grey"], map="2/3")
    assert uptake.seen_input == "uptake"
    assert [table.name for table in uptake.colour_tables] == ["jet", "grey"]
    assert str(uptake.place) == "2/3"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"input": "uptake"}, r"does not say in which colour tables.*add --table NAME\|FILE"),
        ({"input": "uptake", "table": ["jet"], "crop": "none"}, "--crop none takes the whole image"),
        ({"map": "1/2", "crop": "none"}, "--crop none takes the whole image"),
        ({"table": ["jet"]}, "--table is for --input uptake"),
        ({"input": "uptake", "table": ["no-such"]}, "no colour table 'no-such' is known"),
        ({"input": "uptake", "table": ["no-such.json"]}, "there is no colour table no-such.json"),
        ({"map": "4/3"}, "--map '4/3'"),
    ],
)
def test_what_contradicts_itself_is_refused_before_the_model_is_opened(said: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        replace(LEAST, **said)


@pytest.mark.parametrize("option", ["classes", "positive", "scaling"])
def test_what_nobody_can_guess_is_asked_for(option: str) -> None:
    with pytest.raises(UsageError, match=rf"add --{option} \w") as told:
        replace(LEAST, **{option: None}).check_complete()
    others = {"classes", "positive", "scaling"} - {option}
    assert not any(f"--{other}" in str(told.value) for other in others)


def test_a_run_folder_needs_none_of_them() -> None:
    refuse_external_options(Path("runs/a"), ExternalModel())


@pytest.mark.parametrize("name", ALL)
def test_a_run_folder_takes_none_of_them(name: str) -> None:
    with_it = {"positive": ("classes",), "unit": ("classes",), "input": ("table",), "table": ("input",)}
    said = {each: ALL[each] for each in (name, *with_it.get(name, ()))}
    with pytest.raises(UsageError, match=r"runs/a is a run folder.*leave out --classes"):
        refuse_external_options(Path("runs/a"), ExternalModel(**said))  # type: ignore[arg-type]


def test_what_is_named_tells_a_run_from_a_model(tmp_path: Path) -> None:
    run, saved = tmp_path / "a-run.h5", tmp_path / "saved"
    for folder, name in ((run, "contract.json"), (saved, "saved_model.pb")):
        folder.mkdir()
        (folder / name).write_text("{}")
    assert not is_external(run)
    assert not is_external(tmp_path)
    assert is_external(saved)
    assert is_external(tmp_path / "not-there.keras")
    assert is_external(tmp_path / "MODEL.H5")
