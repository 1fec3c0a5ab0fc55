"""What the parser refuses is one line like every other error: what was seen, and where the options are told."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from edgecad.cli.program import app


@pytest.mark.parametrize(
    ("words", "seen", "step"),
    [
        (["infer", "--modle", "x"], "no such option: --modle", "edgecad infer --help"),
        (["infer"], "name scans, or give --stdin-paths", "edgecad infer --help"),
        (["infer", "--out"], "'--out' requires an argument", "edgecad infer --help"),
        (["infer", "a.jpg", "--threshold", "much"], "invalid value for '--threshold'", "edgecad infer --help"),
        (["verify", "one", "two"], "got unexpected extra argument(s) (two)", "edgecad verify --help"),
        (["trian"], "no such command 'trian'", "edgecad --help"),
        (["--bogus"], "no such option: --bogus", "edgecad --help"),
    ],
)
def test_a_word_that_the_parser_cannot_take_is_one_line_with_the_next_step(
    words: list[str], seen: str, step: str
) -> None:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"edgecad: {seen[0]}") or "option '--out'" in line
    assert seen in line
    assert line.endswith(f"; see: {step}")


@pytest.mark.usefixtures("all_extras")
def test_commands_of_other_rooms_say_it_the_same_way() -> None:
    done = CliRunner().invoke(app, ["train", "--bakbone", "x"])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("edgecad: no such option: --bakbone")
    assert "--backbone" in done.stderr
    assert done.stderr.endswith("see: edgecad train --help\n")


@pytest.mark.usefixtures("all_extras")
def test_a_choice_that_there_is_not_names_those_that_there_are() -> None:
    done = CliRunner().invoke(app, ["train", "--features", "nonsense"])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(
        "edgecad: invalid value for '--features': 'nonsense' is not one of 'last', 'stride-16'"
    )


def test_without_any_word_the_help_is_shown() -> None:
    done = CliRunner().invoke(app, [])
    assert done.exit_code == 2
    assert "Usage:" in done.output
    assert "infer" in done.output
