"""Names that must not be shown, the command that makes a run again, and figures as they are printed."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from msgspec.structs import replace as with_fields

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, MapPlace, Preparation, Region
from edgecad_train.cli.train import app
from edgecad_train.networks.head import Head
from edgecad_train.report.flow import flow_of
from edgecad_train.report.limits import limits_of
from edgecad_train.report.names import Names
from edgecad_train.report.page import names_of
from edgecad_train.report.tables import decision_rows, preparation_rows, search_rows, time_rows
from edgecad_train.report.wording import minute, percent, rate, signed, tenth, three, with_minus
from edgecad_train.runs.reading import RunFiles, read_run
from edgecad_train.runs.request import command_of
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.search.record import (
    CHOSE,
    CHOSE_BY_ONE_PART,
    CHOSE_EARLIER,
    JUDGES,
    FoundHead,
    SearchRecord,
)

ODD: dict[str, Any] = {
    "layerwise": True, "class_weights": "balanced", "early_stopping": 5, "augment": 4, "search": True,
    "select_on_test": True,
}  # fmt: skip


@pytest.fixture
def run(make_run: Callable[..., Path], tmp_path: Path) -> RunFiles:
    return read_run(make_run(tmp_path / "run"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Doe-1 and Doe-2 are alike", True),
        ("see (Doe-1).", True),
        ("Doe-10 is somebody else", False),
        ("21 scans in 2012", False),
        ("patient 12 is odd", True),
        ("Maria Lopez x 3", True),
        ("the file odd name.JPG", True),
        ("a_12_b names 12 between underscores", True),
        ("nothing at all", False),
    ],
)
def test_names_are_found_as_words_of_their_own(text: str, named: bool) -> None:
    assert Names(["Doe-1", "12", "Maria Lopez"], ["left out.dcm"]).names_somebody(text) == named


def test_nobody_to_hide_hides_nothing() -> None:
    assert not Names([], []).names_somebody("all of it")
    assert not Names([" "], []).names_somebody("all of it")


def test_findings_are_counted_and_told_only_where_they_name_nobody(run: RunFiles) -> None:
    near, colours = flow_of(run, names_of(run)).findings
    assert (near.what, near.n) == ("near-duplicate", 1)
    assert "Doe" not in near.text
    assert near.text.startswith("scans of two patients that look the same (files are named in run.json")
    assert not near.grave
    assert colours.text == "2 colour tables were found; 3 % of the scans have the rarer one"


def _words(run: RunFiles) -> list[str]:
    return shlex.split(command_of(run.record, run.contract.preparation).replace("\\\n", ""))


def test_the_command_holds_every_setting_and_no_folder(run: RunFiles) -> None:
    words = _words(run)
    assert words[:3] == ["edgecad", "train", "DATA"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert options == {
        "--backbone": "mobilenetv2",
        "--weights": "mobilenetv2.h5",
        "--features": "last",
        "--strategy": "two-stage",
        "--activation": "relu",
        "--decide": "sensitivity>=0.95",
        "--uncertain": "0",
        "--class-weights": "none",
        "--label-smoothing": "0",
        "--augment": "1",
        "--lr-exponent": "4",
        "--warmup-epochs": "12",
        "--finetune-epochs": "9",
        "--units": "64",
        "--dropout": "0.3",
        "--batch-size": "16",
        "--seed": "7",
        "--labelled-by": "a simulated reader",
        "--split": "split.json",
        "--input": "rgb",
        "--device": "auto",
    }


def _prepared(run: RunFiles, how: Preparation) -> RunFiles:
    return replace(run, contract=with_fields(run.contract, preparation=how))


def test_the_command_says_what_of_the_maps_the_network_saw(run: RunFiles) -> None:
    own = ColourTable(name="ours", points=((0, 0, 0, 0), (40, 100, 90, 80), (100, 255, 255, 255)))
    how = Preparation(
        size=224, input="uptake", drawing=Drawing(), tables=(known_table("jet"), own), map=MapPlace(number=2, count=3)
    )
    words = " ".join(_words(_prepared(run, how)))
    assert "--input uptake --table jet --table ours.json --map 2/3" in words
    assert "--crop" not in words
    whole = " ".join(_words(_prepared(run, Preparation(size=224, crop="none"))))
    assert "--crop none --input rgb" in whole


def test_the_page_says_what_of_the_maps_the_network_saw(run: RunFiles) -> None:
    how = Preparation(
        size=224, input="uptake", drawing=Drawing(table="warm", blur=1.5, beyond="black"), tables=(known_table("jet"),)
    )
    rows = dict(preparation_rows(how))
    assert rows["input"].startswith("uptake: read through the screen's colour table")
    assert rows["colour tables"].startswith("jet;")
    assert rows["drawing"] == "in warm, blurred by 1.5 of 256, black beyond the disc"
    assert "painted over" in rows["text, lines over the disc"]
    assert "6%" not in rows["text, lines over the disc"]
    barred = dict(preparation_rows(with_fields(how, tables=(), map=MapPlace(number=2, count=3))))
    assert barred["colour tables"] == "told by each screen's own bar"
    assert barred["map"] == "number 2 of 3 on each screen"
    colours = dict(preparation_rows(Preparation(size=224)))
    assert colours["input"] == "rgb: the colours themselves"
    assert "6%" in colours["text, lines over the disc"]
    assert not {"colour tables", "drawing", "map"} & colours.keys()
    assert any("colour tables, tracers" in limit for limit in limits_of(_prepared(run, Preparation(size=224))))
    assert any("no other input where uptake can be read" in limit for limit in limits_of(_prepared(run, how)))


def test_what_is_off_by_default_is_named_where_it_was_on(run: RunFiles) -> None:
    settings = replace(run.record.settings, **ODD)
    record = with_fields(
        run.record, settings=settings, patient_rule=r"what '^(p\d+)_' finds in the file's path in its class folder"
    )
    region = Region(x=100, y=50, width=400, height=500, screen_width=1640, screen_height=1068)
    contract = with_fields(run.contract, preparation=with_fields(run.contract.preparation, region=region))
    words = _words(replace(run, record=record, contract=contract))
    assert words[words.index("--patient-from") + 1] == r"^(p\d+)_"
    assert words[words.index("--crop") + 1] == "100,50,400,500"
    for wanted in ("--layerwise", "--class-weights balanced", "--early-stopping 5", "--augment 4",
                   "--search --search-trials 60", "--show-optimism-of-selecting-on-test"):  # fmt: skip
        first, *value = wanted.split()
        assert words[words.index(first) + 1 :][: len(value)] == value


def test_the_command_is_one_that_edgecad_train_takes(run: RunFiles) -> None:
    known = {option for parameter in typer.main.get_command(app).params for option in parameter.opts}
    settings = replace(run.record.settings, **ODD)
    words = _words(replace(run, record=with_fields(run.record, settings=settings)))
    assert {word for word in words if word.startswith("--")} <= known


def test_what_a_search_chooses_is_not_given_beside_it(run: RunFiles) -> None:
    searched = replace(run.record.settings, search=True)
    words = _words(replace(run, record=with_fields(run.record, settings=searched)))
    assert not {"--units", "--dropout", "--lr-exponent"} & set(words)
    assert words[words.index("--search") :][:3] == ["--search", "--search-trials", "60"]


def test_what_a_search_found_is_told_training_by_training() -> None:
    found = FoundHead(training="refit", choice=HeadChoice(Head(128, 0.25), 3.5, 60))
    assert search_rows(None) == ()
    row = ("refit", "units 128; dropout 0.25; activation silu; lr exponent 3.5; trials 60; loss \N{EN DASH}")
    fold = FoundHead(training="fold 1", choice=HeadChoice(Head(), 3.5))
    for heads, chose in (((found,), CHOSE_BY_ONE_PART), ((found, fold), CHOSE_EARLIER)):
        told = search_rows(SearchRecord(trials=60, found=heads))
        assert told[:2] == (("trials", "60"), row)
        assert told[-1] == ("what chose", chose)
        assert len(told) == 2 + len(heads)
    again = search_rows(SearchRecord(trials=60, found=(found, fold), deciding=("fold 1, exported head",)))
    assert again[-2:] == (("what chose", CHOSE.format(1)), ("what judges", JUDGES))


def test_times_add_up(run: RunFiles) -> None:
    rows = time_rows(run.record)
    assert sum(seconds for _, seconds in rows) == pytest.approx(run.record.seconds)
    assert rows[-1][0] == "reading and all else"
    assert rows[1] == ("frozen part, run once", 31.5)


def test_a_step_that_did_not_happen_has_no_time(run: RunFiles) -> None:
    steps = {"frozen": 31.5, "search": 0.3, "explain": 0.04}
    names = [name for name, _ in time_rows(with_fields(run.record, seconds_by_step=steps))]
    assert names == ["frozen part, run once", "reading and all else"]
    searched = replace(run.record.settings, search=True)
    record = with_fields(run.record, seconds_by_step=steps, settings=searched)
    assert "head search" in [name for name, _ in time_rows(record)]
    assert sum(seconds for _, seconds in time_rows(record)) == pytest.approx(record.seconds)


@pytest.mark.parametrize(("temperature", "end"), [(0.25, "the lower end"), (8.0, "the upper end"), (1.4, "")])
def test_a_temperature_at_an_end_of_its_range_is_called_that(run: RunFiles, temperature: float, end: str) -> None:
    contract = with_fields(run.contract, decision=with_fields(run.contract.decision, temperature=temperature))
    told = dict(decision_rows(replace(run, contract=contract)))["temperature"]
    assert told.startswith(f"{temperature:.4g}; the score is the softmax")
    assert ("end of the range" in told) == bool(end)
    assert end in told


def test_limits_say_phantom_first_and_what_one_patient_weighs(run: RunFiles) -> None:
    sentences = limits_of(run)
    assert sentences[0].startswith("PHANTOM")
    assert any("24 patients: one answer more or less moves accuracy by 4.2%" in sentence for sentence in sentences)
    assert any("chosen on the validation part" in sentence for sentence in sentences)
    patients = replace(run, contract=with_fields(run.contract, origin="patients"))
    assert not any("PHANTOM" in sentence for sentence in limits_of(patients))


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (three(0.95449), "0.954"),
        (three(-0.1), "\N{MINUS SIGN}0.100"),
        (three(None), "\N{EN DASH}"),
        (signed(0.0456), "+0.046"),
        (signed(-0.0456), "\N{MINUS SIGN}0.046"),
        (signed(-0.0001), "0.000"),
        (with_minus("-0.2 (-0.4 to -0.1)"), "\N{MINUS SIGN}0.2 (\N{MINUS SIGN}0.4 to \N{MINUS SIGN}0.1)"),
        (with_minus("0.81 (0.70-0.88) of a-b, 2-3"), "0.81 (0.70-0.88) of a-b, 2-3"),
        (percent(0.13761), "13.76%"),
        (tenth(12345.67), "12\N{NARROW NO-BREAK SPACE}345.7"),
        (rate(1e-4), "1e-04"),
        (rate(10**-3.5), "3.16e-04"),
        (rate(2.5e-5), "2.5e-05"),
        (minute("2026-11-24T15:01:02+00:00"), "2026-11-24 15:01 UTC"),
        (minute("2026-11-24T15:01:02+02:00"), "2026-11-24T15:01:02+02:00"),
    ],
)
def test_figures_are_printed_with_fixed_digits(got: str, wanted: str) -> None:
    assert got == wanted
