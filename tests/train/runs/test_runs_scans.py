"""Hashes of a run's scans, kept in its folder: known by content, whatever the files are called later."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edgecad.errors import ModelInvalid
from edgecad_train.data import PreparedData
from edgecad_train.runs.scans import scans_of_run, write_scans


def test_each_scan_is_kept_by_the_hash_of_its_file_with_its_patient(phantoms: PreparedData, tmp_path: Path) -> None:
    write_scans(phantoms, tmp_path)
    kept = scans_of_run(tmp_path)
    assert kept is not None
    wanted = {hashlib.sha256(case.path.read_bytes()).hexdigest(): case.patient for case in phantoms.cases}
    assert kept.patient_of() == wanted
    assert len(wanted) == len(phantoms.cases)
    text = (tmp_path / "scans.json").read_text()
    assert phantoms.cases[0].path.name not in text
    assert str(phantoms.cases[0].path.parent) not in text


def test_an_older_run_kept_none(tmp_path: Path) -> None:
    assert scans_of_run(tmp_path) is None


@pytest.mark.parametrize("text", ['{"schema": 2, "scans": []}', "not json", '{"scans": [{"sha256": "a"}]}'])
def test_what_is_damaged_or_newer_is_said(text: str, tmp_path: Path) -> None:
    (tmp_path / "scans.json").write_text(text)
    with pytest.raises(ModelInvalid, match=r"scans\.json"):
        scans_of_run(tmp_path)
