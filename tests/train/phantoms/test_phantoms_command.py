"""`edgecad phantom` as people call it: in a process of its own, with exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from edgecad_train.phantoms import write_dataset


def _edgecad(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edgecad", "phantom", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_what_the_function_writes_and_says_what_to_do_next(tmp_path: Path) -> None:
    out = tmp_path / "with space"
    done = _edgecad(out, "-n", "3", "--seed", "2", "--palette", "iron")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 PHANTOM screens in ")
    assert f"next: edgecad train '{out}'" in done.stdout
    assert done.stderr[8:] == " phantoms 3/3\n", "a line off a terminal, no bar"
    summary = write_dataset(tmp_path / "same", 3, 2, "iron")
    assert f"{summary.cad} labelled CAD" in done.stdout
    assert _bytes_in(out) == _bytes_in(tmp_path / "same")


def test_a_folder_with_other_files_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "scan.jpg").write_bytes(b"mine")
    for words in ((), ("--force",)):
        done = _edgecad(tmp_path, "-n", "2", *words)
        assert done.returncode == 2
        assert "holds no phantoms" in done.stderr
        assert _bytes_in(tmp_path) == {"scan.jpg": b"mine"}


def test_phantoms_are_replaced_with_force_only_and_other_files_stay(tmp_path: Path) -> None:
    write_dataset(tmp_path, 2, 0)
    (tmp_path / "notes.txt").write_bytes(b"mine")
    before = _bytes_in(tmp_path)
    refused = _edgecad(tmp_path, "-n", "1", "--seed", "1")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert _bytes_in(tmp_path) == before
    replaced = _edgecad(tmp_path, "-n", "1", "--seed", "1", "--force", "-q")
    assert (replaced.returncode, replaced.stderr) == (0, "")
    after = _bytes_in(tmp_path)
    assert after["notes.txt"] == b"mine"
    assert sum(name.endswith(".jpg") for name in after) == 1
    assert after["labels.csv"] != before["labels.csv"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--palette", "violet"), "no palette 'violet'"),
        (("--patients", "0"), "1 or more patients"),
        (("--seed", "-1"), "a seed from 0"),
        (("--patients", "many"), "'--patients'"),
    ],
    ids=["palette", "no patients", "seed", "no number"],
)
def test_wrong_words_end_with_2_a_reason_and_no_folder(tmp_path: Path, words: tuple[str, str], said: str) -> None:
    done = _edgecad(tmp_path / "new", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "new").exists()


def test_another_rule_labels_the_same_screens_otherwise_and_the_folder_says_which(tmp_path: Path) -> None:
    done = _edgecad(tmp_path / "by-artery", "-n", "6", "--seed", "2", "--label-rule", "LAD")
    assert done.returncode == 0, done.stderr
    assert "with a defect in the territory of LAD" in done.stdout
    write_dataset(tmp_path / "by-deficit", 6, 2)
    screens = [
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("phantom-*.jpg")}
        for name in ("by-artery", "by-deficit")
    ]
    assert screens[0] == screens[1]
    marks = [json.loads((tmp_path / name / "PHANTOMS.json").read_text()) for name in ("by-artery", "by-deficit")]
    assert [mark["label_rule"] for mark in marks] == ["LAD", "deficit"]
    with (tmp_path / "by-artery" / "labels.csv").open(newline="") as file:
        for line in csv.DictReader(file):
            assert (line["label"] == "CAD") == ("LAD" in line["territories"].split())
            assert line["noiseless_label"] == line["label"]
