"""The proof that parts are apart is recounted from the files, and fails where they are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import ModelInvalid
from edgecad_train.report.page import page_of
from edgecad_train.report.proof import checks_of, overlaps
from edgecad_train.runs.reading import read_run


def _change_split(folder: Path, change: Callable[[dict[str, list[str]]], None]) -> None:
    split = json.loads((folder / "split.json").read_text())
    change(split)
    (folder / "split.json").write_text(json.dumps(split))


def _moved(split: dict[str, list[str]]) -> None:
    split["test"].append(split["train"].pop())


def _in_two(split: dict[str, list[str]]) -> None:
    split["test"].append(split["train"][0])


def _twice(split: dict[str, list[str]]) -> None:
    split["test"].append(split["test"][0])


@pytest.mark.parametrize("folds", [0, 4])
def test_everything_holds_in_a_run_as_it_was_written(folds: int, make_run: Callable[..., Path], tmp_path: Path) -> None:
    checks = checks_of(read_run(make_run(tmp_path / "run", folds=folds)))
    assert len(checks) == 5
    assert all(check.holds for check in checks)
    pairs = 3 if not folds else 10
    assert checks[0].counted == f"{pairs} pairs of parts compared; patients shared: 0"


@pytest.mark.parametrize("change", [_in_two, _twice])
def test_a_split_in_which_a_patient_stands_twice_is_refused(
    change: Callable[[dict[str, list[str]]], None], make_run: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "run")
    _change_split(folder, change)
    with pytest.raises(ModelInvalid, match=r"split\.json of the run .* a patient is in two parts of the split"):
        read_run(folder)


def test_a_patient_who_changed_parts_is_found_and_said_on_top(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    _change_split(folder, _moved)
    run = read_run(folder)
    page = page_of(run, ())
    assert '<div class="warning">DOES NOT HOLD: Every patient is scored once' in page
    assert page.count('<li class="fails">') == 2
    assert "Doe" not in page
    disjoint, parts, same_hash, *confusions = checks_of(run)
    assert disjoint.holds
    assert parts.counted == (
        "100 patients scored, 0 of them more than once; 1 in another part than split.json says, 0 without a score"
    )
    assert not parts.holds
    assert not same_hash.holds
    assert all(check.holds for check in confusions)


def test_an_answer_that_was_changed_is_found(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    lines = (folder / "predictions.csv").read_text().splitlines()
    lines[-1] = f"{lines[-1][:-1]}{1 - int(lines[-1][-1])}"
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    *others, test = checks_of(read_run(folder))
    assert not test.holds
    assert all(check.holds for check in others)


def test_a_patient_without_a_score_is_found(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    lines = (folder / "predictions.csv").read_text().splitlines()
    (folder / "predictions.csv").write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    assert checks_of(read_run(folder))[1].counted.endswith("0 in another part than split.json says, 1 without a score")


def test_a_patient_who_is_scored_twice_is_found(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    lines = (folder / "predictions.csv").read_text().splitlines()
    (folder / "predictions.csv").write_text("\n".join([*lines, lines[1]]) + "\n")
    parts = checks_of(read_run(folder))[1]
    assert not parts.holds
    assert parts.counted.startswith("100 patients scored, 1 of them more than once")


def test_white_space_in_split_json_does_not_change_its_hash(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    _change_split(folder, lambda _: None)
    assert all(check.holds for check in checks_of(read_run(folder)))


def test_overlaps_count_each_pair_once() -> None:
    parts = {"a": ("1", "2", "3"), "b": ("3", "4"), "c": ("4", "3", "3")}
    assert [(pair.one, pair.other, pair.patients) for pair in overlaps(parts)] == [
        ("a", "b", 1),
        ("a", "c", 1),
        ("b", "c", 2),
    ]
