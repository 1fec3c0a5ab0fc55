"""`edgecad models`: what there is, what is in force, and that nothing broken comes into force."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.modelfiles.pointer import put_in_force, read_history
from edgecad.modelfiles.sums import write_sums

Run = Callable[..., Any]


@pytest.fixture
def models(folder_of: Callable[..., Path], tmp_path: Path) -> Path:
    """`good` in force, then `other`, and one whose golden answers no runtime gives."""
    place = tmp_path / "models"
    place.mkdir()
    for name, words in (("good", ("fp32",)), ("other", ("fp32", "int8"))):
        shutil.copytree(folder_of(*words), place / name)
    shutil.copytree(folder_of("fp32", "fp16", wrong=("fp32", "fp16")), place / "false")
    put_in_force(place / "good", "edgecad export")
    return place


def in_force(models: Path) -> str:
    return (models / "latest").read_text().strip()


def test_the_list_says_what_each_is_and_which_is_in_force(edgecad: Run, models: Path) -> None:
    (models / ".new.abc.partial").mkdir()
    done = edgecad("models", "list", "--models", models)
    assert (done.code, done.stderr) == (0, "")
    good, other = (next(line for line in done.stdout.splitlines() if f" {name} " in line) for name in ("good", "other"))
    assert good.split() == ["*", "good", "2024-01-01", "tiny", "fp32", "phantom", "0.500", "no"]
    assert other.split() == ["other", "2024-01-01", "tiny", "fp32", "int8", "phantom", "0.500", "no"]
    assert "partial" not in done.stdout
    told = json.loads(edgecad("models", "list", "--models", models, "--json").stdout)
    assert (told["in_force"], told["before"], told["schema"]) == ("good", [], 1)
    assert [row["name"] for row in told["models"] if row["in_force"]] == ["good"]
    assert {row["name"]: row["precisions"] for row in told["models"]}["other"] == ["fp32", "int8"]


def _cut(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


def _no_contract(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"\x08\x0a")
    write_sums(folder)


BROKEN: dict[str, Callable[[Path], object]] = {
    "a file was cut": _cut,
    "a file is gone": lambda folder: (folder / "model.onnx").unlink(),
    "a file more": lambda folder: (folder / "more.txt").write_text("x"),
    "no contract": _no_contract,
    "nothing at all": lambda folder: [path.unlink() for path in folder.iterdir()],
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_model_is_listed_with_the_reason_and_never_comes_into_force(
    edgecad: Run, models: Path, how: str
) -> None:
    BROKEN[how](models / "other")
    done = edgecad("models", "list", "--models", models)
    assert done.code == 0
    (line,) = [line for line in done.stdout.splitlines() if " other " in line]
    assert "CANNOT BE USED" in line
    refused = edgecad("models", "use", "other", "--models", models)
    assert (refused.code, refused.stdout, refused.stderr.count("\n")) == (6, "", 1)
    assert in_force(models) == "good"


def test_one_that_answers_otherwise_than_at_export_stays_out(edgecad: Run, models: Path) -> None:
    refused = edgecad("models", "use", "false", "--models", models, "--device", "cpu")
    assert (refused.code, refused.stdout, in_force(models)) == (5, "", "good")


def test_use_and_rollback_change_what_commands_take(edgecad: Run, models: Path) -> None:
    done = edgecad("models", "use", "other", "--models", models)
    assert done.code == 0, done.stderr
    assert "in force: other; before: good" in done.stdout
    assert in_force(models) == "other"
    told = json.loads(edgecad("models", "list", "--models", models, "--json").stdout)
    assert (told["in_force"], told["before"]) == ("other", ["good"])
    back = edgecad("models", "rollback", "--models", models, "--json")
    assert json.loads(back.stdout)["in_force"] == in_force(models) == "good"
    assert [row.command for row in read_history(models)] == [
        "edgecad export", "edgecad models use", "edgecad models rollback",
    ]  # fmt: skip
    again = edgecad("models", "rollback", "--models", models)
    assert (again.code, in_force(models)) == (2, "good")
    assert "edgecad models use NAME" in again.stderr


def test_a_rollback_to_what_is_broken_or_gone_is_refused(edgecad: Run, models: Path) -> None:
    put_in_force(models / "other", "edgecad models use")
    _cut(models / "good")
    assert edgecad("models", "rollback", "--models", models).code == 6
    shutil.rmtree(models / "good")
    refused = edgecad("models", "rollback", "--models", models)
    assert (refused.code, in_force(models)) == (2, "other")
    assert "good, which was in force before other, is not in" in refused.stderr


def test_a_name_that_is_nearly_one_or_a_path_of_one(edgecad: Run, models: Path, tmp_path: Path) -> None:
    refused = edgecad("models", "use", "othr", "--models", models)
    assert refused.code == 2
    assert "did you mean other?" in refused.stderr
    assert "the pointer itself" in edgecad("models", "use", "latest", "--models", models).stderr
    shutil.copytree(models / "other", tmp_path / "elsewhere" / "mine")
    refused = edgecad("models", "use", tmp_path / "elsewhere" / "mine", "--models", models)
    assert refused.code == 2
    assert f"--models {tmp_path / 'elsewhere'}" in refused.stderr
    assert edgecad("models", "use", models / "other", "--models", models).code == 0
    assert in_force(models) == "other"


def test_the_folder_is_that_of_the_pointer_in_the_environment(edgecad: Run, models: Path) -> None:
    named = f"os.environ['EDGECAD_MODEL'] = {str(models / 'latest')!r}"
    done = edgecad("models", "use", "other", before=named)
    assert (done.code, done.stderr, in_force(models)) == (0, "", "other")
    named = f"os.environ['EDGECAD_MODEL'] = {str(models / 'good')!r}"
    done = edgecad("models", "rollback", "--models", models, before=named)
    assert done.code == 0
    assert f"$EDGECAD_MODEL is set, so commands take {models / 'good'}" in done.stderr


@pytest.mark.parametrize("words", [("list",), ("use", "good"), ("rollback",)])
def test_no_folder_of_models_is_said(edgecad: Run, words: tuple[str, ...]) -> None:
    done = edgecad("models", *words)
    assert (done.code, done.stdout, done.stderr.count("\n")) == (6, "", 1)
    assert "--models FOLDER" in done.stderr


def test_a_pointer_that_names_nothing_is_said(edgecad: Run, models: Path) -> None:
    for content, words in (("gone\n", "gone is in force and is not there"), ("../x\n", "no model is in force")):
        (models / "latest").write_text(content)
        done = edgecad("models", "list", "--models", models)
        assert done.code == 0
        assert words in done.stdout


def test_names_are_completed(edgecad: Run, models: Path) -> None:
    line = f"edgecad models use --models {models} o"
    asked = {"_EDGECAD_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "5"}
    assert edgecad(before=f"os.environ.update({asked!r})").stdout.split() == ["other"]
