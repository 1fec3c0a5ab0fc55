"""`edgecad export --ensemble`: what it takes, and what of it is refused before anything slow begins."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.contract import Contract, Member
from edgecad_export.modelfolder.card import _members

RUNS = ("runs/one", "runs/two")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (RUNS, "join them into one model with --ensemble"),
        (("--ensemble",), "and 0 were named"),
        (("--ensemble", "runs/one"), "and 1 was named"),
        (("--ensemble", *RUNS, "--model", "runs/three"), "not by --model"),
        (("--ensemble", *RUNS, "--classes", "A,B"), "leave out --classes"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_made(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the runs were joined")

    monkeypatch.setattr(subprocess, "run", never)
    done = CliRunner().invoke(app, ["export", *words])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert not list(tmp_path.iterdir())


def test_what_the_joining_program_refuses_ends_the_export_with_its_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "--ensemble", str(tmp_path / "one"), str(tmp_path / "two"), "--out", str(tmp_path / "models")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 6
    assert f"edgecad: no run folder at {tmp_path / 'one'}" in capfd.readouterr().err
    assert not (tmp_path / "models").exists()


def test_the_model_card_names_the_members(tiny_contract: Contract) -> None:
    assert not list(_members(tiny_contract))
    one, two = (
        Member(
            name=name,
            network=digit * 64,
            backbone="mobilenetv2",
            head="GAP - Dense(2)",
            features="last",
            feature_layer="out_relu",
            scaling="tf",
            weights="none",
        )
        for name, digit in (("one", "a"), ("two", "b"))
    )
    first, *rows = _members(replace(tiny_contract, members=(one, two)))
    assert "ensemble of 2 networks" in first
    assert [row.split(":")[0] for row in rows] == ["`one`", "`two`"]
