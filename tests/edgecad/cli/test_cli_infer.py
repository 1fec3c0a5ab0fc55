"""`edgecad infer` over good and bad files: exit codes, one line for people, one record for programs."""

from __future__ import annotations

import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgecad_train.phantoms import dicom_bytes, draw_patient, jpeg_bytes, png_bytes, render_screen

Pixels = np.ndarray
Run = Callable[..., Any]
STAMP = "PHANTOM MODEL - NOT FOR PATIENTS"


def large_png(side: int = 30_000) -> bytes:
    """A whole and valid PNG of one grey level: 100 kilobytes that want gigabytes when decoded."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    row = bytes(1 + -(-side // 8))
    body = b"".join([*(packer.compress(row * 1000) for _ in range(side // 1000)), packer.flush()])
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


BAD_FILES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "missing": ("there is no such file", lambda good: b""),
    "empty": ("holds no bytes", lambda good: b""),
    "truncated": ("", lambda good: good[: len(good) // 2]),
    "text": ("neither JPEG, PNG nor DICOM", lambda good: b"Dear colleague, please find attached " * 9),
    "huge": ("30000 x 30000 pixels", lambda good: large_png()),
}
BAD_SCREENS = ["black", "noise", "text on black", "text on white", "two maps", "colour wheel"]


@pytest.fixture
def bad_file(tmp_path: Path, phantom_jpeg: Path, wrong_screen: Callable[[str], Pixels]) -> Callable[[str], Path]:
    def write(name: str) -> Path:
        path = tmp_path / f"{name.replace(' ', '-')}.jpg"
        if name in BAD_SCREENS:
            path.write_bytes(jpeg_bytes(wrong_screen(name)))
        elif name != "missing":
            path.write_bytes(BAD_FILES[name][1](phantom_jpeg.read_bytes()))
        return path

    return write


@pytest.mark.parametrize("name", [*BAD_FILES, *BAD_SCREENS])
def test_a_bad_input_ends_with_code_3_and_one_line_that_says_what_was_seen_and_wanted(
    edgecad: Run, model_folder: Path, bad_file: Callable[[str], Path], name: str
) -> None:
    done = edgecad("infer", bad_file(name), "--model", model_folder, "--device", "cpu", "--out", "out")
    assert done.code == 3
    (line,) = done.stderr.splitlines()
    assert "NOT ANALYSED: " in line
    assert BAD_FILES.get(name, ("",))[0] in line
    assert "wanted" in line
    assert "Traceback" not in done.stdout + done.stderr
    assert "score" not in done.stdout
    assert done.peak_mib < 1024


def test_a_good_scan_is_answered_with_score_threshold_stamp_and_picture(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder)
    assert (done.code, done.stderr) == (0, "")
    assert "score 0." in done.stdout
    assert "threshold 0.50" in done.stdout
    assert STAMP in done.stdout
    assert done.stdout.splitlines()[-1].startswith("next: edgecad ")
    (picture,) = (tmp_path / "place" / "answers").iterdir()
    assert cv2.imread(str(picture)).shape == (900, 1600, 3)
    # Named by content, so that no patient's name travels with it.
    assert phantom_jpeg.stem not in picture.name


def test_one_bad_scan_among_good_ones_costs_no_other_its_answer(
    edgecad: Run,
    model_folder: Path,
    tmp_path: Path,
    phantom_jpeg: Path,
    phantom_screen: Callable[[int], Pixels],
    bad_file: Callable[[str], Path],
) -> None:
    second = tmp_path / "second.png"
    second.write_bytes(png_bytes(phantom_screen(1)))
    scans = [phantom_jpeg, bad_file("colour wheel"), bad_file("missing"), bad_file("empty"), second]
    done = edgecad("infer", *scans, "--model", model_folder, "--json", "--out", "out")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.code == 3
    assert done.stderr == ""
    assert [record["scan"] for record in records] == list(map(str, scans))
    assert [record["status"] for record in records] == ["answered", *["refused"] * 3, "answered"]
    assert [record["reason"] for record in records] == [None, "not-a-map", "missing", "empty", None]
    assert {record["stamp"] for record in records} == {STAMP}
    pictures = [tmp_path / "place" / record["figure"] for record in records]
    assert len({picture.read_bytes() for picture in pictures}) == 5, "each scan has its own picture"


def test_json_prints_one_object_a_line_and_draws_no_picture_unless_asked(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    done = edgecad("infer", phantom_jpeg, phantom_jpeg, "--model", model_folder, "--json")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.code == 0
    assert first["probability"] == second["probability"]
    assert first["figure"] is None
    assert list((tmp_path / "place").iterdir()) == []


def test_its_own_pictures_are_no_scans(edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path) -> None:
    place = tmp_path / "place"
    (place / "scan.jpg").write_bytes(phantom_jpeg.read_bytes())
    for _ in range(2):
        done = edgecad("infer", ".", "--model", model_folder)
        assert (done.code, done.stderr) == (0, "")
    (picture,) = (place / "answers").iterdir()
    done = edgecad("infer", ".", "--model", model_folder, "--json")
    assert len(done.stdout.splitlines()) == 1
    assert edgecad("infer", picture, "--model", model_folder, "--json").code == 3, "named itself it is looked at"


def test_jpegs_beside_dicoms_are_answered_as_alone(
    edgecad: Run, model_folder: Path, phantom_screen: Callable[[int], Pixels], tmp_path: Path
) -> None:
    """The first DICOM of a process imports its reader, while other threads read other files."""
    pytest.importorskip("pydicom", reason="DICOM needs the extra edgecad[dicom]")
    folder = tmp_path / "mixed"
    folder.mkdir()
    for index in range(6):
        (folder / f"{index}.jpg").write_bytes(jpeg_bytes(phantom_screen(index)))
    (folder / "0a.dcm").write_bytes(dicom_bytes(phantom_screen(0)))
    done = edgecad("infer", folder, "--model", model_folder, "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["status"] for record in records] == ["answered"] * 7
    assert done.code == 0


def test_an_unexpected_error_is_shown_to_who_asks_for_it(edgecad: Run, model_folder: Path, phantom_jpeg: Path) -> None:
    before = """
import os, sys
os.environ["EDGECAD_DEBUG"] = "1"
import edgecad.inference.answering
def broken(*_):
    raise RuntimeError("what nobody foresaw")
edgecad.inference.answering.read_for = broken
"""
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json", before=before)
    assert done.code == 1
    assert json.loads(done.stdout)["status"] == "failed"
    assert "RuntimeError: what nobody foresaw" in done.stderr
    assert "Traceback" in done.stderr


def test_a_scan_may_come_by_standard_input(edgecad: Run, model_folder: Path, phantom_jpeg: Path) -> None:
    piped = edgecad("infer", "-", "--model", model_folder, "--json", stdin=phantom_jpeg.read_bytes())
    named = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json")
    assert piped.code == 0
    by_pipe, by_name = json.loads(piped.stdout), json.loads(named.stdout)
    for field in ("probability", "scan_sha256", "logits"):
        assert by_pipe[field] == by_name[field]


def test_nothing_on_standard_input_is_refused(edgecad: Run, model_folder: Path) -> None:
    done = edgecad("infer", "-", "--model", model_folder, "--json")
    assert done.code == 3
    assert json.loads(done.stdout)["reason"] == "empty"


def test_a_folder_is_answered_scan_by_scan_in_order(edgecad: Run, model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    (folder / "b").mkdir(parents=True)
    for index, name in enumerate(("b/one.JPG", "a.jpg")):
        (folder / name).write_bytes(jpeg_bytes(render_screen(draw_patient(1, index))))
    (folder / "notes.txt").write_text("not a scan")
    done = edgecad("infer", folder, "--model", model_folder, "--json")
    assert done.code == 0
    names = [json.loads(line)["scan"] for line in done.stdout.splitlines()]
    assert names == [str(folder / "a.jpg"), str(folder / "b/one.JPG")]


def test_what_a_folder_holds_beside_scans_is_named_and_changes_no_record(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    scan = phantom_jpeg.read_bytes()
    for name, content in {
        "a.jpg": scan, "b": scan, "c.bmp": b"BM\0\0\0\0\0\0\0\0", "d.tif": b"II*\0", "e.webp": b"RIFF\0\0\0\0WEBP",
        "f": b"letter", ".g.jpg": scan, "h.jpg.part": scan, "labels.csv": b"path", "i.json": b"{}",
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    done = edgecad("infer", folder, "--model", model_folder, "--json")
    assert done.code == 0
    assert [Path(json.loads(line)["scan"]).name for line in done.stdout.splitlines()] == ["a.jpg", "b"]
    lines = [line for line in done.stderr.splitlines() if line.startswith("passed over: ")]
    assert [line.partition(": ")[2].partition(": ")[0].rpartition("/")[2] for line in lines[:-1]] == [
        ".g.jpg", "c.bmp", "d.tif", "e.webp", "f", "h.jpg.part",
    ]  # fmt: skip
    assert lines[-1] == "passed over: 2 tables, notes or a system's own files"


def test_a_folder_without_scans_is_refused(edgecad: Run, model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = edgecad("infer", tmp_path / "empty", "--model", model_folder, "--json")
    assert done.code == 3
    assert json.loads(done.stdout)["status"] == "refused"


def test_a_file_name_of_any_bytes_is_answered(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode("Müller\nscän\xff.jpg".encode("latin-1"))
    odd.write_bytes(phantom_jpeg.read_bytes())
    done = edgecad("infer", odd, "--model", model_folder, "--json")
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "answered"


def test_the_models_own_folder_of_the_day_is_found_by_itself(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    (tmp_path / "place" / "models").symlink_to(model_folder.parent)
    assert edgecad("infer", phantom_jpeg, "--json").code == 0


@pytest.mark.parametrize("threshold", ["0.001", "0.999"])
def test_a_sites_threshold_moves_the_label_and_is_printed(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, threshold: str
) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json", "--threshold", threshold)
    record = json.loads(done.stdout)
    assert record["threshold"] == float(threshold)
    assert record["label"] == ("CAD" if threshold == "0.001" else "nonCAD")


def test_an_id_is_in_the_record_and_for_one_scan_only(edgecad: Run, model_folder: Path, phantom_jpeg: Path) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json", "--id", "Fall Ü")
    assert json.loads(done.stdout)["id"] == "Fall Ü"
    assert edgecad("infer", phantom_jpeg, phantom_jpeg, "--model", model_folder, "--id", "x").code == 2


@pytest.mark.parametrize("identity", ["M\u00fcller", "\u0141\u00f3d\u017a 7", "x" * 256, "\u65e5\u672c"])
def test_any_letters_are_an_id_on_a_picture_too(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path, identity: str
) -> None:
    words = ("infer", phantom_jpeg, "--model", model_folder, "--out", tmp_path / "out", "--json", "--id", identity)
    done = edgecad(*words)
    assert (done.code, json.loads(done.stdout)["id"]) == (0, identity), done.stderr
    assert len([*(tmp_path / "out").glob("*.png")]) == 1


@pytest.mark.parametrize("identity", ["", " ", "a\nb", "a\x1b[31mb", "a\u202eb", "x" * 257])
def test_an_id_that_is_not_one_line_of_letters_is_refused(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path, identity: str
) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--out", tmp_path / "out", "--id", identity)
    assert done.code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("identity", ["M\u00fcller", "Nguy\u1ec5n 7", "\u60a3\u8005"])
def test_an_id_in_any_script_is_taken_and_drawn(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path, identity: str
) -> None:
    pictures = []
    for more in (["--id", identity], []):
        done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--out", tmp_path, "--json", *more)
        record = json.loads(done.stdout)
        assert record["id"] == (identity if more else None)
        pictures.append(cv2.imread(record["figure"]))
    assert (pictures[0][858:, :300] != pictures[1][858:, :300]).any()


def test_another_threshold_never_overwrites_the_first_answer(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    both = [
        json.loads(edgecad("infer", phantom_jpeg, "--model", model_folder, "--out", tmp_path, "--json", *more).stdout)
        for more in ((), ("--threshold", "0.99"))
    ]
    assert [record["threshold_from"] for record in both] == ["contract", "user"]
    assert "the site's own threshold" in both[1]["words"]
    assert both[0]["figure"] != both[1]["figure"]


def test_an_id_is_not_given_to_the_many_scans_of_a_folder(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(phantom_jpeg.read_bytes())
    assert edgecad("infer", folder, "--model", model_folder, "--json", "--id", "x").code == 2


def test_standard_input_without_end_does_not_fill_the_memory(edgecad: Run, model_folder: Path) -> None:
    done = edgecad("infer", "-", "--model", model_folder, "--json", stdin=bytes(300 * 2**20))
    assert done.code == 3
    assert done.peak_mib < 300


def test_a_forced_answer_is_stamped_recorded_and_drawn_apart(
    edgecad: Run, model_folder: Path, tmp_path: Path, wrong_screen: Callable[[str], Any]
) -> None:
    scan = tmp_path / "two.png"
    scan.write_bytes(png_bytes(wrong_screen("two maps of unequal size")))
    command = ("infer", str(scan), "--model", str(model_folder), "--json", "--out", str(tmp_path / "figures"))
    refused, forced = edgecad(*command), edgecad(*command, "--force")
    assert (refused.code, forced.code) == (3, 0)
    record = json.loads(forced.stdout)
    assert record["status"] == "answered"
    assert "other pictures" in record["overruled"][0]
    assert record["stamp"].startswith("FORCED PAST THE MAP CHECK")
    assert record["figure"] != json.loads(refused.stdout)["figure"]
    assert len(list((tmp_path / "figures").iterdir())) == 2


def test_a_host_gives_a_path_a_line_and_gets_a_record_a_line_at_once(
    model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    """One process for a day: each answer comes before the next path is sent."""
    import subprocess
    import sys

    (tmp_path / "letter.jpg").write_text("a letter")
    command = [sys.executable, "-m", "edgecad", "infer", "--stdin-paths", "--json", "--model", str(model_folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as host:
        assert host.stdin is not None
        assert host.stdout is not None
        good, letter = (phantom_jpeg, "answered"), ("letter.jpg", "refused")
        for path, status in (good, letter, ("-", "refused"), (tmp_path, "refused"), good):
            host.stdin.write(f"{path}\n\n".encode())
            host.stdin.flush()
            record = json.loads(host.stdout.readline())
            assert (record["scan"], record["status"]) == (str(path), status)
        host.stdin.close()
        assert host.wait(60) == 3


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_is_piped_is_utf8_whatever_the_terminal_speaks(
    form: tuple[str, ...], model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    """As on Windows, or in a Latin-1 locale: a name must neither end the batch nor spoil the JSON."""
    import subprocess
    import sys

    name = "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller \N{CJK UNIFIED IDEOGRAPH-6F22}.jpg"
    shutil.copy(phantom_jpeg, tmp_path / name)
    command = [sys.executable, "-m", "edgecad", "infer", name, *form, "--model", str(model_folder)]
    environment = os.environ | {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert name in done.stdout.decode("utf-8")
    if form:
        assert json.loads(done.stdout)["scan"] == name


@pytest.mark.parametrize("words", [(), ("--stdin-paths", "a.jpg"), ("--stdin-paths", "--id", "7")])
def test_scans_are_named_or_come_by_standard_input(edgecad: Run, model_folder: Path, words: tuple[str, ...]) -> None:
    ended = edgecad("infer", *words, "--model", str(model_folder))
    assert ended.code == 2
    assert len(ended.stderr.splitlines()) == 1
