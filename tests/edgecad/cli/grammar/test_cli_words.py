"""How every command reads: words for values, panels, near-misses, and the model in two ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from typer.testing import CliRunner

from edgecad.cli.opening import one_model
from edgecad.cli.program import app
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean, nearest
from edgecad_train.networks.backbones import BACKBONES
from edgecad_train.training.strategies import STRATEGIES

Run = Callable[..., Any]
READABLE = re.compile(
    r"[A-Z][A-Z|,=.]*(\.\w+)?(\.\.)?|0\.\.1|K/N|[\w-]+(\|[\w:-]+)+|PRECISION\.NAME=VALUE|PUBLIC\.pem|PICTURE\.png"
)
"""Words for values: in capitals, choices, or a shape that says itself."""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that runs, with its context."""
    program: Any = typer.main.get_command(app)
    yield from _below("", program.make_context("edgecad", [], resilient_parsing=True))


def _below(path: str, context: Any) -> Iterator[tuple[str, Any]]:
    group = context.command
    yield path, context
    for name in group.list_commands(context) if hasattr(group, "list_commands") else ():
        own = group.get_command(context, name).make_context(name, [], parent=context, resilient_parsing=True)
        yield from _below(f"{path} {name}".strip(), own)


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS)
def test_every_value_has_a_word_that_people_read(path: str) -> None:
    context = COMMANDS[path]
    for param in context.command.get_params(context):
        if not getattr(param, "is_flag", False) and param.name != "help":
            assert param.metavar, param.name
            assert READABLE.fullmatch(param.metavar), (param.name, param.metavar)
            assert param.metavar not in ("TEXT", "PATH") or param.name == "intended_use", param.name


@pytest.mark.usefixtures("all_extras")
@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("columns", [80, 60])
def test_help_fits_and_has_no_words_of_programmers(path: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COMMANDS[path], "terminal_width", columns - 2)  # as of a terminal with so many columns
    text = COMMANDS[path].get_help()
    assert max(map(len, text.splitlines())) <= columns
    assert not re.search(r"<(path|str|int|float|list)|x>=|x<=|\.0[;\]]|\{\w|\[required\]$", text)
    assert text.startswith("Usage: ")


def test_options_stand_in_panels_in_plain_text() -> None:
    text = CliRunner().invoke(app, ["export", "--help"]).stdout
    own, external = text.split("\nA Keras model of someone else", 1)
    assert "--int8" in own
    assert not {"--classes", "--scaling", "--images"} & {*re.findall(r"--[\w-]+", own)}
    assert {"--classes", "--scaling", "--images"} <= {*re.findall(r"--[\w-]+", external)}
    titles = re.findall(r"^(\w.*):$", CliRunner().invoke(app, ["train", "--help"]).stdout, re.MULTILINE)
    assert titles == ["Arguments", "Network", "Training", "Threshold", "Scans", "Patients", "Options"]


def spoilt(word: str, rng: np.random.Generator) -> str:
    """A word as people mistype it: a letter left out, doubled, changed or swapped, capitals, hyphens."""
    at = int(rng.integers(1, len(word) - 1))
    letter = "abcdefghijklmnopqrstuvwxyz"[rng.integers(26)]
    kinds = (
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        word.upper(),
        word.replace("-", "_"),
    )
    return kinds[rng.integers(len(kinds))]


@pytest.mark.parametrize(
    "known", [[*BACKBONES], [*STRATEGIES], [*KNOWN_TABLES], [path for path in COMMANDS if path and " " not in path]]
)
def test_a_near_miss_names_what_was_meant(known: list[str]) -> None:
    rng, found, tried = np.random.default_rng(3), 0, 0
    for word in known:
        for _ in range(20):
            miss = spoilt(word, rng)
            if len(word) >= 4 and miss not in known:
                tried += 1
                found += word in nearest(miss, known)
                assert set(nearest(miss, known)) <= set(known)
    assert tried > 50
    assert found >= 0.9 * tried


@pytest.mark.parametrize("word", ["", "-", "qqqq", "x" * 1000, "ß", "\0", "--", "../models"])
def test_what_is_near_nothing_gets_no_advice(word: str) -> None:
    assert did_you_mean(word, BACKBONES) == ""


@pytest.mark.usefixtures("all_extras")
def test_each_kind_of_word_is_suggested() -> None:
    for words, hint in (
        (["trian"], "train"),
        (["models", "rolback"], "rollback"),
        (["cache", "clera"], "clear"),
        (["infer", "--presicion", "int8"], "--precision"),
        (["train", "--features", "strid-16"], "stride-16"),
        (["study", "x", "--rates", "unifrom"], "uniform"),
        (["--verison"], "--version"),
    ):
        done = CliRunner().invoke(app, words)
        assert (done.exit_code, done.stderr.count("\n")) == (2, 1), words
        assert f"(did you mean {hint}?); see: edgecad" in done.stderr, words


@pytest.mark.usefixtures("all_extras")
def test_our_own_errors_suggest_as_well(edgecad: Run) -> None:
    for words, hint in (
        (["train", "--backbone", "resnet-50"], "resnet50"),
        (["train", "--strategy", "twostage"], "two-stage"),
        (["train", "--decide", "balance"], "balanced"),
        (["infer", "x", "--device", "cpuu"], "cpu"),
        (["infer", "x", "--precision", "fp23"], "fp32"),
        (["bench", "--scenario", "ofline"], "offline"),
        (["table", "show", "hotiron"], "hot-iron"),
        (["phantom", "x", "--palette", "rainbw"], "rainbow"),
    ):
        done = edgecad(*words)
        assert (done.code, done.stderr.count("\n")) == (2, 1), done.stderr
        assert f"(did you mean {hint}" in done.stderr, done.stderr


# --- the model, in two ways ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["verify"], ["inspect"], ["bench"], ["cache", "build"], ["infer"], ["watch", "i", "o"]]
)
def test_every_command_that_takes_a_model_takes_it_as_an_option(edgecad: Run, command: list[str]) -> None:
    scan = ["x.jpg"] if command == ["infer"] else []
    done = edgecad(*command, *scan, "--model", "nothing-here")
    assert (done.code, done.stderr.count("\n")) == (6 if command[0] != "watch" else 2, 1), done.stderr
    if command[0] != "watch":
        assert "no model at nothing-here" in done.stderr


@pytest.mark.parametrize("command", [["verify"], ["inspect"], ["bench"], ["cache", "build"], ["export"]])
def test_two_models_are_one_too_many_and_the_same_twice_is_one(
    edgecad: Run, command: list[str], request: pytest.FixtureRequest
) -> None:
    if command == ["export"]:
        request.getfixturevalue("all_extras")
    done = edgecad(*command, "one", "--model", "two")
    assert (done.code, done.stderr.count("\n")) == (2, 1)
    assert "is one and --model is two; name one model" in done.stderr
    if command != ["export"]:  # which imports TensorFlow before it looks
        assert edgecad(*command, "one", "--model", "./one/").code == 6


@pytest.mark.usefixtures("all_extras")
def test_evaluate_takes_both_orders(edgecad: Run) -> None:
    for words in (["m", "d"], ["d", "--model", "m"]):
        done = edgecad("evaluate", *words)
        assert (done.code, "d" in done.stderr) == (2, True), done.stderr
        assert "--model" not in done.stderr
    for words in (["m"], ["--model", "m"]):
        done = edgecad("evaluate", *words)
        assert (done.code, "DATA wanted" in done.stderr) == (2, True)
    assert "RUN|MODEL is a and --model is c" in edgecad("evaluate", "a", "b", "--model", "c").stderr


def test_a_model_among_the_scans_is_told_from_a_scan(edgecad: Run, model_folder: Path, phantom_jpeg: Path) -> None:
    for model in (model_folder, model_folder / "model.onnx", model_folder.parent / "latest"):
        done = edgecad("infer", phantom_jpeg, model)
        assert (done.code, done.stdout) == (2, "")
        assert f"--model {model}" in done.stderr


def test_a_model_folder_with_scans_in_it_is_a_folder_of_scans(
    edgecad: Run, folder_of: Callable[..., Path], model_folder: Path, phantom_jpeg: Path
) -> None:
    folder = folder_of("fp32")
    (folder / "scan.jpg").write_bytes(phantom_jpeg.read_bytes())
    done = edgecad("infer", folder, "--model", model_folder, "--json")
    assert done.code == 0, done.stderr


def test_a_model_may_be_named_by_two_spellings() -> None:
    assert one_model(Path("a"), Path("./a/"), "MODEL") == Path("a")
    assert one_model(None, Path("a"), "MODEL") == one_model(Path("a"), None, "MODEL") == Path("a")
    assert one_model(None, None, "MODEL") is None
    with pytest.raises(UsageError):
        one_model(Path("a"), Path("b"), "MODEL")
