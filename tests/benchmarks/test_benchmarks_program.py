"""Options of a benchmark are the fields of a dataclass, and what it finds is kept beside the machine."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PROGRAMS = {
    "decisions": "decisions.options.DecisionOptions", "export": "export.options.ExportOptions",
    "heads": "decisions.options.HeadOptions", "inference": "inference.options.InferenceOptions",
    "limits": "limits.options.LimitOptions", "localisation": "localisation.options.LocalisationOptions",
    "orientation": "orientation.options.OrientationOptions",
    "runtime": "runtime.options.RuntimeOptions",
    "scenarios": "scenarios.options.ScenarioOptions", "training": "training.options.TrainingOptions",
    "uptake": "uptake.options.UptakeOptions",
}  # fmt: skip


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("measures.program")


@pytest.fixture
def oven(program: ModuleType) -> Any:
    @dataclass(frozen=True, kw_only=True)
    class Oven(program.Options):  # type: ignore[name-defined, misc]
        what: Literal["bake", "grill"]
        heat: int = program.option(180, "degrees")
        times: tuple[float, ...] = program.option((1.0, 2.0), "minutes")
        tray: Path | None = program.option(None, "what it holds", metavar="FILE")  # noqa: RUF009 - fixed
        size: tuple[int, int] = program.option((3, 4), "of a cake")
        fan: Literal["on", "off"] = program.option("on", "air")

    Oven.__annotations__ = {  # this file's names, which a class inside a function does not find
        "what": Literal["bake", "grill"], "heat": int, "times": tuple[float, ...], "tray": Path | None,
        "size": tuple[int, int], "fan": Literal["on", "off"],
    }  # fmt: skip
    return Oven


def test_defaults_and_words_become_fields(program: ModuleType, oven: Any) -> None:
    assert program.read_options(oven, "", ["bake"]) == oven(what="bake")
    words = [
        "grill",
        "--heat",
        "200",
        "--times",
        "1.5",
        "--tray",
        "a",
        "--size",
        "5",
        "6",
        "--fan",
        "off",
        "--results",
        "r",
    ]
    expected = oven(what="grill", heat=200, times=(1.5,), tray=Path("a"), size=(5, 6), fan="off", results=Path("r"))
    assert program.read_options(oven, "", words) == expected


@pytest.mark.parametrize(
    "words", [[], ["boil"], ["bake", "--heat", "x"], ["bake", "--size", "1"], ["bake", "--fan", "1"]]
)
def test_other_words_end_the_program(program: ModuleType, oven: Any, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.read_options(oven, "", words)
    assert ended.value.code == 2


def test_what_was_found_is_kept_with_the_machine(program: ModuleType, oven: Any, tmp_path: Path) -> None:
    class Cake(msgspec.Struct, frozen=True):
        peak_gb: float = msgspec.field(name="peak_GB")

    program.keep(oven(what="bake", results=tmp_path / "new"), "a cake", "bake", Cake(1.5), plates=2)
    kept = json.loads((tmp_path / "new" / "a cake.json").read_text())
    assert (kept["what"], kept["peak_GB"], kept["plates"]) == ("bake", 1.5, 2)
    assert kept["machine"]["threads"] >= 1


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_help_of_each_program_names_every_option(
    program: ModuleType, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place, _, kind = PROGRAMS[name].rpartition(".")
    options = getattr(importlib.import_module(f"measures.{place}"), kind)
    with pytest.raises(SystemExit) as ended:
        program.read_options(options, "What it measures.", ["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    named = {field.replace("_", "-") for field in options.__dataclass_fields__ if field != "what"}
    assert not [option for option in named if f"--{option}" not in said]
