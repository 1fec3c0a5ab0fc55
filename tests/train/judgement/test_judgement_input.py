"""`edgecad evaluate` reads scans as the runtime would: through the model's tables, or those that are named."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import msgspec
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from edgecad_train.data import Case, PreparedData, find_cases, read_cases
from edgecad_train.phantoms import draw_patient, render_screen

Run = Callable[..., Any]
SIZE = 64
JET = range(5, 28)
"""Of the population of seed 7; one of these lies on a hot table as well, which is fewer than one in twenty."""


@pytest.fixture(scope="module")
def jet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms in jet, without a bar; one of them lies on a hot table as well, and may be left out."""
    folder = tmp_path_factory.mktemp("jet") / "data"
    for number in JET:
        patient = draw_patient(7, number)
        layout = dataclasses.replace(patient.layout, colour_bar=False)
        screen = render_screen(dataclasses.replace(patient, palette="jet", layout=layout))
        path = folder / ("CAD" if number % 2 else "nonCAD") / f"p{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), cv2.cvtColor(screen, cv2.COLOR_RGB2BGR))
    return folder


def uptake(*tables: str) -> Preparation:
    named = tuple(map(known_table, tables))
    return Preparation(size=SIZE, input="uptake", drawing=Drawing(), tables=named, halve_jpeg=True)


@pytest.fixture
def judged(edgecad_here: Run, jet_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())

    numbers = count()

    def run(model: Path, *options: object) -> dict[str, Any]:
        # A folder of its own: two evaluations of one second would have one name.
        answer = edgecad_here("evaluate", model, jet_folder, "--json", "--out", f"judged-{next(numbers)}", *options)
        assert answer.code == 0, answer.stderr
        return dict(json.loads(answer.stdout))

    return run


def test_a_scan_that_a_second_table_explains_is_left_out_unless_its_table_is_named(
    judged: Run, make_run: Run, jet_folder: Path
) -> None:
    run = make_run(preparation=uptake("jet"))
    alone = judged(run)
    reasons = {entry["reason"] for entry in alone["refused"]}
    assert reasons == {"table-ambiguous"}
    named = judged(run, "--table", "jet")
    assert (named["patients"], named["refused"]) == (len(JET), [])
    assert alone["patients"] == len(JET) - len(alone["refused"]) == len(JET) - 1


def test_a_table_that_is_named_goes_to_a_model_of_uptake_and_not_to_its_rival_of_colours(
    judged: Run, make_run: Run
) -> None:
    one, other = make_run(preparation=uptake("warm")), make_run("colours", preparation=Preparation(size=SIZE))
    told = judged(one, "--against", other, "--table", "jet")
    assert told["patients"] == len(JET)


@pytest.mark.parametrize(
    ("preparation", "options", "told"),
    [
        (Preparation(size=SIZE), ("--table", "jet"), "a colour table tells it nothing; leave --table out"),
        (Preparation(size=SIZE, crop="none"), ("--map", "1/2"), "this model takes the whole image"),
        (uptake("jet"), ("--table", "no-such"), "no colour table 'no-such' is known"),
        (uptake("jet"), ("--map", "3/2"), "--map '3/2'"),
    ],
)
def test_what_means_nothing_to_the_model_is_a_usage_error(
    edgecad_here: Run, make_run: Run, jet_folder: Path, preparation: Preparation, options: tuple[str, ...], told: str
) -> None:
    answer = edgecad_here("evaluate", make_run(preparation=preparation), jet_folder, *options)
    assert (answer.code, told in answer.stderr) == (2, True)
    assert not Path("evaluations").exists()


def test_the_map_of_several_is_the_one_that_is_named(edgecad_here: Run, make_run: Run, jet_folder: Path) -> None:
    answer = edgecad_here("evaluate", make_run(preparation=uptake("jet")), jet_folder, "--map", "1/2")
    assert answer.code == 2
    assert f"{len(JET)} of {len(JET)} scans were refused" in answer.stderr


def test_scans_prepared_otherwise_are_other_images(jet_folder: Path) -> None:
    """Frozen outputs are kept by this hash, and must not be taken for those of other images."""
    cases: tuple[Case, ...] = find_cases(jet_folder).cases

    def prepared(how: Preparation) -> PreparedData:
        return read_cases(cases[:2], how)

    kinds = (uptake("jet"), msgspec.structs.replace(uptake("jet"), drawing=Drawing(blur=1.0)), Preparation(size=SIZE))
    one, other, colours = map(prepared, kinds)
    assert one.sha256 == other.sha256 == colours.sha256
    assert len({data.images_sha256 for data in (one, other, colours)}) == 3
    assert prepared(uptake("jet")).images_sha256 == one.images_sha256
