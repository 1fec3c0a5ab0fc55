"""Which files of a folder are scans, and what is said of the others."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.images import content_of, is_dicom_file, is_scan_file, read_screen, why_passed_over, words_of_passed

NOTE = "tables, notes or a system's own files"


def why(path: Path) -> str:
    found = why_passed_over(path)
    return "" if found is None else found.why


@pytest.mark.parametrize(
    ("ending", "kind"), [(".bmp", "BMP"), (".tif", "TIFF"), (".webp", "WebP"), (".gif", "GIF"), (".avif", "AVIF")]
)
def test_a_picture_of_another_kind_is_named_whatever_it_is_called(tmp_path, image, refused, ending, kind):
    if not cv2.haveImageWriter(f"x{ending}"):
        pytest.skip(f"this OpenCV writes no {kind}")
    data = cv2.imencode(ending, image)[1].tobytes()
    for name in (f"a{ending}", "a", "a.jpgx"):
        (tmp_path / name).write_bytes(data)
        assert f"{kind} picture" in why(tmp_path / name)
        assert "wanted JPEG, PNG or DICOM" in why(tmp_path / name)
    with refused("not-an-image"):
        read_screen(data)
    with pytest.raises(Exception, match=f"{kind} picture"):
        read_screen(data)


@pytest.mark.parametrize("name", ["scan", "1.2.840.113619.2", "scan.bmp", "scan.txt"])
def test_a_scan_is_told_by_its_first_bytes_where_its_ending_is_none(tmp_path, name, jpeg, png, dicom):
    for data in (jpeg, png, dicom, dicom[132:]):
        (tmp_path / name).write_bytes(data)
        assert is_scan_file(tmp_path / name)
    assert is_dicom_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("scan", b"a letter", "no ending, and neither"),
        ("scan", b"", "an empty file"),
        ("scan.xyz", b"a letter", "another ending, and neither"),
        ("scan.bmp", b"a letter", "named as a BMP picture"),
        ("report.doc", b"%PDF-1.7", "a PDF document"),
        (".scan.jpg", b"\xff\xd8\xff", "a hidden name"),
        ("scan.jpg.part", b"\xff\xd8\xff", "still being written"),
        ("labels.csv", b"path,label", "a table or a note"),
        ("Thumbs.db", b"\xd0\xcf", "a system's own"),
    ],
)
def test_what_is_passed_over_says_why(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in why(tmp_path / name)
    assert not is_scan_file(tmp_path / name)


def test_a_text_called_a_scan_is_one_and_refused_later(tmp_path, refused):
    (tmp_path / "a.jpg").write_text("Dear colleague")
    assert is_scan_file(tmp_path / "a.jpg")
    with refused("not-an-image"):
        read_screen(tmp_path / "a.jpg")


@pytest.fixture
def folder(tmp_path: Path, jpeg: bytes) -> Path:
    """Two scans, and one of each kind that is none."""
    for name in ("b.jpg", "in/a", ".hidden/c.jpg", "half.tmp/d.jpg", ".e.jpg", "._b.jpg", "f.jpg.part", "ours/g.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(jpeg)
    for name in ("labels.csv", "notes.json", ".DS_Store", "letter"):
        (tmp_path / name).write_text("text")
    return tmp_path


def test_a_folder_has_its_scans_in_order_and_says_what_else_is_there(folder):
    content = content_of(folder, folder / "ours")
    assert content.scans == (folder / "b.jpg", folder / "in" / "a")
    told = {Path(one.file).name: one.kind for one in content.passed if one.told}
    assert told == {"half.tmp": "unfinished", ".e.jpg": "hidden", "f.jpg.part": "unfinished", "letter": "other"}
    quiet = {Path(one.file).name for one in content.passed if not one.told}
    assert quiet == {"labels.csv", "notes.json", ".DS_Store", "._b.jpg", ".hidden"}
    assert words_of_passed(content.passed)[-1] == f"5 {NOTE}"


def test_a_folder_of_masks_is_not_entered_unless_it_is_the_one_that_is_named(tmp_path, png):
    (tmp_path / "masks").mkdir()
    for name in ("scan.png", "masks/scan.png"):
        (tmp_path / name).write_bytes(png)
    content = content_of(tmp_path)
    assert content.scans == (tmp_path / "scan.png",)
    assert [(one.kind, "rename it if it holds scans" in one.why) for one in content.passed] == [("beside", True)]
    assert content_of(tmp_path / "masks").scans == (tmp_path / "masks/scan.png",)


def test_ten_are_named_and_the_others_counted(tmp_path):
    for number in range(14):
        (tmp_path / f"{number:02}.bmp").write_bytes(b"BM\0\0\0\0\0\0\0\0" if number < 13 else b"")
    *named, more = words_of_passed(content_of(tmp_path).passed)
    assert len(named) == 10
    assert more == "4 more: 3 x a BMP picture, 1 x named as a BMP picture"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_pipes_and_links_to_folders_are_passed_over(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    assert {Path(one.file).name: one.kind for one in content_of(tmp_path).passed} == {
        "pipe.jpg": "other", "link": "folder",
    }  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_of_any_bytes_becomes_one_line(tmp_path):
    (tmp_path / os.fsdecode(b"a\xff\nb")).write_bytes(b"text")
    (words,) = words_of_passed(content_of(tmp_path).passed)
    assert "\n" not in words
    words.encode()


def test_garbage_is_no_dicom(tmp_path):
    """A million random beginnings would not pass either: some are made to look like the first element."""
    draw = np.random.default_rng(3)
    for number in range(2000):
        head = (b"", b"\x08\0", b"\x08\0\x05\0", b"\x08\0\x16\0UI", b"\2\0\0\0UL\4\0")[number % 5]
        assert why_passed_over_bytes(tmp_path, head + draw.bytes(300))


def why_passed_over_bytes(folder: Path, data: bytes) -> bool:
    (folder / "file").write_bytes(data)
    return not is_dicom_file(folder / "file")
