"""Options come before the site's file, `--id` before all, and what cannot be meant ends before a model is opened."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad_train.phantoms import dicom_bytes

pydicom = pytest.importorskip("pydicom", reason="ids of objects are read by pydicom: edgecad[dicom]")
Run = Callable[..., Any]


@pytest.fixture
def scan(phantom_screen: Callable[[int], Any], tmp_path: Path) -> Path:
    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes(phantom_screen(0))))
    dataset.AccessionNumber, dataset.PatientID = "ACC-1", "PAT-2"
    path = tmp_path / "Doe 4711.dcm"
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


@pytest.mark.parametrize(
    ("more", "identity", "uids"),
    [
        ([], "ACC-1", True),
        (["--id-from", "dicom:0010,0020"], "PAT-2", True),
        (["--id-from", r"regex:(\d+)", "--no-uids"], "4711", False),
        (["--id", "mine", "--id-from", "name"], "mine", True),
    ],
    ids=["site", "option", "no uids", "id"],
)
def test_options_come_before_the_sites_file(
    edgecad: Run, model_folder: Path, tmp_path: Path, scan: Path, more: list[str], identity: str, uids: bool
) -> None:
    (tmp_path / "site.toml").write_text('[identity]\nid_from = "dicom:AccessionNumber"\nuids = true\n')
    ended = edgecad("infer", scan, "--json", "--model", model_folder, "--site", tmp_path / "site.toml", *more)
    record = json.loads(ended.stdout)
    assert (ended.code, record["id"], record["uids"] is not None) == (0, identity, uids)
    assert record["scan"] == str(scan)


def test_a_scan_without_an_id_is_answered_and_its_line_says_why(
    edgecad: Run, model_folder: Path, scan: Path, phantom_jpeg: Path
) -> None:
    ended = edgecad("infer", phantom_jpeg, "--model", model_folder, "--id-from", "dicom:AccessionNumber")
    assert ended.code == 0
    assert "no id: this scan is no DICOM object that can be read" in ended.stdout
    ended = edgecad(
        "infer", "-", "--model", model_folder, "--id-from", "name", "--json", stdin=phantom_jpeg.read_bytes()
    )
    record = json.loads(ended.stdout)
    assert (ended.code, record["id"], record["scan"]) == (0, None, "-")
    assert record["remarks"] == ["no id: the name of this scan's file holds none, or is not known"]


@pytest.mark.parametrize("command", ["infer", "watch"])
@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("dicom:AccessionNumbr", "AccessionNumber"),
        ("dicom:PixelData", "pixels"),
        ("regex:(a+)+(", "regular expression"),
        ("regex:abc", "0 groups"),
        ("filename", "name, dicom:KEYWORD"),
    ],
)
def test_what_cannot_be_meant_ends_with_code_2_before_a_model_is_opened(
    edgecad: Run, tmp_path: Path, command: str, words: str, seen: str
) -> None:
    (tmp_path / "in").mkdir()
    places = [tmp_path / "in", tmp_path / "out"] if command == "watch" else [tmp_path / "scan.jpg"]
    ended = edgecad(command, *places, "--model", tmp_path / "no model", "--id-from", words)
    assert (ended.code, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert seen in ended.stderr
    assert not (tmp_path / "out").exists()
