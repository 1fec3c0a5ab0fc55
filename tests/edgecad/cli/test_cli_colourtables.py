"""`edgecad table`: what it lists, shows and learns, and how it refuses."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.colourtables.files import table_from_file, usable_table
from edgecad.colourtables.known import KNOWN_TABLES, known_table
from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad_train.phantoms import draw_patient, png_bytes, render_screen

Run = Callable[..., Any]
BAR = (900, 300, 30, 400)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `edgecad table ...` in this process and an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["table", *map(str, words)])


@pytest.fixture(scope="module")
def with_bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom's screen with its colour bar, PNG."""
    patients = (draw_patient(5, index) for index in range(40))
    patient = next(each for each in patients if each.layout.colour_bar and each.palette == "warm")
    path = tmp_path_factory.mktemp("bars") / "with bar.png"
    path.write_bytes(png_bytes(render_screen(patient)))
    return path


@pytest.fixture
def strip(tmp_path: Path) -> Path:
    """A picture that is nothing but jet's bar, low end left."""
    colours = np.rint(known_table("jet").colours_at(np.linspace(0, 100, 256))).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "strip.png"), np.repeat(colours[None], 20, axis=0)[..., ::-1])
    return tmp_path / "strip.png"


def test_list_names_every_known_table_within_a_terminal(run: Run) -> None:
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == list(KNOWN_TABLES)
    assert max(map(len, lines)) <= 100
    assert "20 steps  #000000  #ffffff" in next(line for line in lines if "pet-20-step" in line)
    told = json.loads(run("list", "--json").stdout)
    assert [table["name"] for table in told["tables"]] == list(KNOWN_TABLES)


def test_show_a_known_table_and_a_file_and_draw_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json_from_struct(replace(known_table("jet"), name="own")))
    for word, name in (("jet", "jet"), ("own.json", "own")):
        done = run("show", word, "--out", f"{name}.png")
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith(f"{name}: continuous, 6 points")
        assert "0.0    0      0   128  #000080  low end" in done.stdout
        assert done.stdout.splitlines()[6].endswith("high end") or "high end" in done.stdout
        picture = cv2.imread(str(tmp_path / f"{name}.png"))
        middle = picture[picture.shape[0] // 2 - 10]
        assert {tuple(middle[45]), tuple(middle[-46])} <= {(b, 0, r) for b in range(120, 150) for r in range(3)} | {
            (0, 0, r) for r in range(120, 150)
        }
    assert json.loads(run("show", "jet", "--json").stdout)["table"]["name"] == "jet"


def test_show_refuses_what_is_no_table_and_an_old_picture(run: Run, tmp_path: Path) -> None:
    (tmp_path / "old.png").write_bytes(b"old")
    for words, said in (
        (("show", "nothing"), "no colour table 'nothing' is known"),
        (("show", "there-is-none.json"), "there is no colour table there-is-none.json"),
        (("show", "jet", "--out", "old.png"), "old.png exists already"),
        (("show", "jet", "--out", "jet.bmp"), "ends in .png"),
    ):
        done = run(*words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert (tmp_path / "old.png").read_bytes() == b"old"


def test_learn_finds_the_bar_and_tells_what_it_read(run: Run, with_bar: Path, tmp_path: Path) -> None:
    done = run("learn", with_bar, "--out", "new/ward 3.json")
    assert done.exit_code == 0, done.output
    table = table_from_file(tmp_path / "new" / "ward 3.json")
    assert table.name == "ward-3"
    assert "with bar" not in table.source, "a file's name may be a patient's"
    levels = np.linspace(0, 100, 101)
    assert np.abs(table.colours_at(levels) - known_table("warm").colours_at(levels)).max() < 8
    assert "learnt ward-3: continuous" in done.stdout
    assert "of with bar.png" in done.stdout
    assert "low end   #" in done.stdout
    assert "bottom (its numbers say bottom, by the map bottom)" in done.stdout
    assert "the known table warm draws the same colours" in done.stdout
    assert "next: edgecad infer SCAN --table 'new/ward 3.json'" in done.stdout
    assert done.stderr == ""


def test_learn_from_a_rectangle_a_strip_and_in_steps(run: Run, with_bar: Path, strip: Path, tmp_path: Path) -> None:
    found = json.loads(run("learn", with_bar, "--out", "a.json", "--json").stdout)
    x, y, width, height = found["bar"]
    words = ("--bar", f"{x - 2},{y - 2},{width + 4},{height + 4}", "--low", "bottom", "--name", "named")
    assert run("learn", with_bar, *words, "--out", "b.json").exit_code == 0
    assert table_from_file(tmp_path / "b.json").name == "named"
    asked = run("learn", strip, "--out", "c.json")
    assert asked.exit_code == 2
    assert "say --low left or --low right" in asked.stderr
    assert not (tmp_path / "c.json").exists()
    assert run("learn", strip, "--low", "left", "--out", "c.json").exit_code == 0
    assert table_from_file(tmp_path / "c.json").points[0][1:] == (0, 0, 128)
    colours = np.rint(known_table("iron").in_steps(16).colours_at(np.linspace(99.9, 0, 320))).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "steps.png"), np.repeat(colours[:, None], 24, axis=1)[..., ::-1])
    done = run("learn", tmp_path / "steps.png", "--out", "d.json")
    assert "learnt d: steps, 16 steps" in done.stdout


def wrong(name: str, with_bar: Path, folder: Path) -> tuple[tuple[object, ...], int, str]:
    """Words of `learn`, the exit code, and what is said."""
    doubled, few, empty = folder / "doubled.png", folder / "few.png", folder / "empty.png"
    ramp = np.concatenate([np.arange(0, 256, 2), np.arange(254, 0, -2)]).astype(np.uint8)
    cv2.imwrite(str(doubled), np.repeat(np.repeat(ramp[:, None], 20, axis=1)[..., None], 3, axis=2))
    cv2.imwrite(
        str(few), np.repeat(np.repeat(np.repeat(np.arange(0, 250, 50, np.uint8), 40)[:, None], 20, 1)[..., None], 3, 2)
    )
    cv2.imwrite(str(empty), np.zeros((400, 400, 3), np.uint8))
    (folder / "text.png").write_text("no picture")
    (folder / "scans").mkdir()
    (folder / "there.json").write_text("{}")
    low = ("--low", "bottom")
    return {
        "doubles back": ((doubled, "--bar", "0,0,20,255", *low), 2, "doubles back"),
        "few colours": ((few, "--bar", "0,0,20,200", *low), 2, "colours that differ"),
        "no bar there": ((with_bar, "--bar", "30,30,200,40", "--low", "left"), 2, "colours that differ"),
        "flat ground": ((with_bar, "--bar", "2,500,18,200", *low), 2, "colours that differ"),
        "on the map": ((with_bar, "--bar", "700,450,30,100", *low), 2, "lies on the map"),
        "outside": ((with_bar, "--bar", "1630,300,30,200"), 2, "does not lie on the screen"),
        "three numbers": ((with_bar, "--bar", "1,2,3"), 2, "wanted x,y,width,height"),
        "negative": ((with_bar, "--bar=-1,2,3,100"), 2, "wanted x,y,width,height"),
        "no number": ((with_bar, "--bar", "a,b,c,d"), 2, "wanted x,y,width,height"),
        "no end": ((with_bar, "--low", "below"), 2, "wanted bottom, top, left or right"),
        "a known name": ((with_bar, "--name", "warm"), 2, "a known table has that name"),
        "no name": ((with_bar, "--name", "Ward 3"), 2, "small letters, digits and hyphens"),
        "no picture": ((folder / "text.png",), 3, "neither JPEG, PNG nor DICOM"),
        "no file": ((folder / "none.png",), 3, "there is no such file"),
        "no bar": ((empty,), 3, "no colour bar was found"),
        "few scans": ((folder / "scans",), 2, "holds 0 scans with a map"),
        "folder and bar": ((folder / "scans", "--bar", "1,2,3,4"), 2, "is a folder"),
        "map": ((with_bar, "--map", "4/3"), 2, "4/3"),
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "doubles back", "few colours", "no bar there", "flat ground", "on the map", "outside", "three numbers",
        "negative", "no number", "no end", "a known name", "no name", "no picture", "no file", "no bar", "few scans",
        "folder and bar", "map",
    ],
)  # fmt: skip
def test_wrong_uses_of_learn(run: Run, with_bar: Path, tmp_path: Path, name: str) -> None:
    words, code, said = wrong(name, with_bar, tmp_path)
    done = run("learn", *words, "--out", "out.json")
    assert (done.exit_code, done.stdout) == (code, ""), done.output
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.json").exists()


def test_a_file_that_is_there_or_cannot_be_written(
    run: Run, with_bar: Path, tmp_path: Path, closed_folder: Path
) -> None:
    (tmp_path / "there.json").write_text("{}")
    done = run("learn", with_bar, "--out", "there.json")
    assert (done.exit_code, (tmp_path / "there.json").read_text()) == (2, "{}")
    assert "there.json exists already" in done.stderr
    assert run("learn", with_bar, "--out", closed_folder / "new.json").exit_code == 1
    assert run("learn", with_bar, "--out", tmp_path / "there.json" / "new.json").exit_code == 2


def test_scans_without_a_bar_give_a_draft_that_nobody_answers_with(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    count = 0
    for index in range(60):
        patient = draw_patient(5, index)
        if patient.layout.colour_bar or count == 10:
            continue
        (folder / f"{index}.png").write_bytes(png_bytes(render_screen(dataclasses.replace(patient, palette="rainbow"))))
        count += 1
    done = run("learn", folder, "--out", "draft.json")
    assert done.exit_code == 0, done.output
    assert "a draft from 10 scans without a bar" in done.stdout
    assert "a draft for a person to look at, never a scale to answer with" in done.stdout
    assert "edgecad infer" not in done.stdout
    draft = table_from_file(tmp_path / "draft.json")
    assert draft.draft
    with pytest.raises(UsageError, match="is a draft"):
        usable_table(tmp_path / "draft.json")
    assert "a draft for a person to look at" in run("show", "draft.json").stdout
    levels = np.linspace(0, 100, 401)
    line, colours = known_table("rainbow").colours_at(levels), np.array(draft.points)[:, 1:]
    order = ((colours[:, None] - line[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) > 0.95


def test_shared_strips_and_screens_are_learnt(run: Run, shared: Path) -> None:
    cases = shared / "cases"
    for name, words in (
        ("table-warm.png", ()), ("table-rainbow.png", ("--bar", "40,20,40,256", "--low", "bottom")),
        ("answer-unknown-table-with-bar.jpg", ()),
    ):  # fmt: skip
        done = run("learn", cases / name, *words, "--out", f"{name}.json")
        assert done.exit_code == 0, done.output
    done = run("learn", cases / "answer-table-in-20-steps.jpg", "--out", "none.json")
    assert done.exit_code == 3
    assert "no colour bar was found beside the map" in done.stderr
