"""The program's help: every command in it, none imported for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from edgecad.cli.program import GROUP, OWN, WAY


def test_the_help_knows_every_command_and_no_other() -> None:
    assert set(WAY) == {*OWN, *(entry.name for entry in entry_points(group=GROUP))}


def test_the_help_has_a_line_for_each_and_imports_none(edgecad: Callable[..., Any]) -> None:
    done = edgecad("--help")
    assert (done.code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    for name, words in WAY.items():
        # Those whose extra is not installed stand in a list of their own, with columns of another width.
        assert re.search(rf"\n  {name} +{re.escape(words)}", done.stdout)
    assert not done.modules & {*OWN.values(), "edgecad_train", "edgecad_export"}


def test_a_command_that_only_another_package_knows_is_listed_in_its_own_words(edgecad: Callable[..., Any]) -> None:
    done = edgecad(
        "--help",
        before="""
import typer
import edgecad.cli.program as program
app = typer.Typer()
@app.command()
def extra() -> None:
    "What somebody else wrote. And more of it."
class Entry:
    @staticmethod
    def load():
        return app
program._plugins = lambda: {"extra": Entry}
""",
    )
    assert done.code == 0
    assert "\n  extra    What somebody else wrote." in done.stdout
