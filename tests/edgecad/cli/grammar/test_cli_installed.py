"""Commands that are not installed: listed apart, and naming one says how to get it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgecad.cli.grammar.installed import NEEDS
from edgecad.cli.program import OWN, WAY
from edgecad_export.cli.export import app as export_app

Run = Callable[..., Any]
HEAVY = sorted({module for needs in NEEDS.values() for modules in needs.values() for module in modules})


def without(*modules: str) -> str:
    """Python that makes an installation lack these modules."""
    return f"sys.modules.update(dict.fromkeys({modules!r}))"


def test_a_runtime_alone_lists_the_others_apart(edgecad: Run) -> None:
    done = edgecad("--help", before=without(*(name for name in HEAVY if name != "onnxruntime")))
    assert done.code == 0, done.stderr
    here, apart = done.stdout.split("\nNot installed here")
    for name in WAY:
        assert f"\n  {name} " in (apart if name in NEEDS else here), name
        assert f"\n  {name} " not in (here if name in NEEDS else apart), name
    assert "[train]" in apart
    assert "[export]" in apart
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not done.modules & {*OWN.values(), "edgecad_train", "edgecad_export"}


@pytest.mark.usefixtures("all_extras")
def test_where_all_is_installed_nothing_stands_apart(edgecad: Run) -> None:
    assert "Not installed" not in edgecad("--help").stdout


@pytest.mark.usefixtures("all_extras")
@pytest.mark.parametrize("command", NEEDS)
def test_naming_one_says_how_it_is_installed_whatever_follows(edgecad: Run, command: str) -> None:
    for extra, modules in NEEDS[command].items():
        done = edgecad(command, "--bogus", "x", before=without(modules[-1]))
        assert (done.code, done.stdout, done.stderr.count("\n")) == (4, "", 1), done.stderr
        assert f"{modules[-1]} is not installed" in done.stderr
        assert "install" in done.stderr
        assert extra in done.stderr


@pytest.mark.parametrize("command", NEEDS)
def test_its_help_is_there_and_says_it_as_well(edgecad: Run, command: str) -> None:
    done = edgecad(command, "--help", before=without(*HEAVY))
    assert done.code == 0, done.stderr
    assert "Not installed here; run: " in done.stdout


def test_what_the_rooms_look_for_is_what_the_help_looks_for() -> None:
    assert export_app is not None
    from edgecad_train.cli import installed

    assert NEEDS["train"]["train"] == installed.TRAIN
    assert NEEDS["evaluate"]["train"] == installed.FIGURES
    assert NEEDS["study"]["train"] == installed.STUDY
    assert NEEDS["plan"]["train"] == installed.PLAN
