"""What a scan holds of its patient stays in the scan: in its tags, its name, and its pixels outside of the map."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from edgecad.spool.index import SpoolRecord
from edgecad_train.phantoms import dicom_bytes, draw_patient, jpeg_bytes, png_bytes, render_screen

pydicom = pytest.importorskip("pydicom", reason="half of the scans are DICOM: edgecad[dicom]")
Pixels = npt.NDArray[np.uint8]
Run = Callable[..., Any]
SCANS, PHANTOMS = 50, 10
COMPARED = 3
"""Of the phantoms of a kind, how many are shown without a patient's texts too: pictures and scores are the same."""
KINDS = ("jpeg", "png", "dicom", "dicom jpeg", "dicom refused")
ID_LINE = 0.94
"""Share of a picture's height below which nothing but its id line stands."""
MARGIN = 40
"""Pixels around a text in which a screen must be empty before."""


@dataclass(frozen=True)
class Patient:
    """Whose scan it is: texts that are found nowhere else."""

    name: str
    number: str
    comment: str


MARKS = ("Quuxomir", "ovskaja", "PZN-77-", "Schloßweg", "b, Wörgl")
"""What every patient's texts have in common; long enough that no compressed picture has them by chance."""
CODINGS: tuple[Callable[[str], bytes], ...] = (
    str.encode,
    lambda text: text.encode("latin-1"),
    lambda text: text.encode("utf-16-le"),
    lambda text: json.dumps(text).encode().strip(b'"'),
)
NOBODY = Patient("", "", "")


def patient(index: int) -> Patient:
    return Patient(f"Quuxomir{index}ovskaja^Änne", f"PZN-77-{index:04d}", f"Schloßweg {index}17b, Wörgl")


@cache
def screen(index: int) -> Pixels:
    return render_screen(draw_patient(11, index % PHANTOMS))


def with_text(pixels: Pixels, whose: Patient) -> Pixels:
    """Write a patient's name and number where a screen is empty, as reading stations do."""
    if whose is NOBODY:
        return pixels
    marked = pixels.copy()
    for words in (whose.name.encode("ascii", "replace").decode(), whose.number):
        (width, height), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
        x, y = next(_empty_places(marked, width, height))
        cv2.putText(marked, words, (x, y + height), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2, cv2.LINE_AA)
    assert not np.array_equal(marked, pixels)
    return marked


def _empty_places(pixels: Pixels, width: int, height: int) -> Iterator[tuple[int, int]]:
    for y in range(MARGIN, pixels.shape[0] - height - MARGIN, 16):
        for x in range(MARGIN, pixels.shape[1] - width - MARGIN, 16):
            box = pixels[y - MARGIN : y + height + MARGIN, x - MARGIN : x + width + MARGIN]
            if np.ptp(box) == 0:
                yield x, y


def scan_of(index: int, whose: Patient) -> bytes:
    pixels, kind = with_text(screen(index), whose), KINDS[index // PHANTOMS]
    if kind == "jpeg":
        data = jpeg_bytes(pixels)
        return data[:2] + _segment(b"\xff\xfe", whose.comment) + _segment(b"\xff\xe1", whose.name) + data[2:]
    if kind == "png":
        data = png_bytes(pixels)
        return data[:33] + _chunk(b"tEXt", f"Title\0{whose.name}") + _chunk(b"tEXt", f"x\0{whose.comment}") + data[33:]
    return dicom_of(kind, pixels, whose)


def _segment(marker: bytes, text: str) -> bytes:
    return marker + (len(text.encode()) + 2).to_bytes(2, "big") + text.encode()


def _chunk(kind: bytes, text: str) -> bytes:
    import zlib

    body = kind + text.encode("latin-1")
    return (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def dicom_of(kind: str, pixels: Pixels, whose: Patient) -> bytes:
    """A Secondary Capture whose every tag that takes a text holds one of the patient."""
    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes(pixels)))
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = dataset.OtherPatientNames = dataset.ReferringPhysicianName = whose.name
    dataset.PatientID = dataset.AccessionNumber = dataset.StudyID = whose.number
    dataset.PatientAddress = dataset.ImageComments = dataset.AdditionalPatientHistory = whose.comment
    dataset.SeriesDescription = dataset.StudyDescription = dataset.ProtocolName = f"Stress AC {whose.name}"
    dataset.add_new((0x0029, 0x0010), "LO", "VENDOR")
    dataset.add_new((0x0029, 0x1001), "LT", whose.comment)
    dataset.file_meta.SourceApplicationEntityTitle = whose.number[:16]
    if kind == "dicom jpeg":
        dataset.PixelData = pydicom.encaps.encapsulate([jpeg_bytes(pixels)])
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.50"
        dataset.PhotometricInterpretation = "YBR_FULL_422"
    if kind == "dicom refused":
        dataset.PresentationLUTShape = (whose.number or "OTHER").replace("-", "_")
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    data = bytearray(stream.getvalue())
    data[: len(whose.comment.encode())] = whose.comment.encode()  # the preamble, which takes anything
    return bytes(data)


def name_of(index: int, whose: Patient) -> str:
    ending = {"jpeg": "jpg", "png": "png"}.get(KINDS[index // PHANTOMS], "dcm")
    return f"{whose.name} {whose.number}.{ending}" if whose is not NOBODY else f"{index}.{ending}"


@dataclass(frozen=True)
class Answered:
    """What a watch or `infer` left of its scans."""

    out: Path
    said: str
    records: dict[str, dict[str, Any]]
    """By the hash of the scan."""

    def picture(self, sha256: str, folder: Path) -> Pixels:
        return np.asarray(cv2.imread(str(folder / self.records[sha256]["figure"])), np.uint8)

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """All that was written and said, without the scans that were put away; the names of files as well."""
        kept = {self.out / record["file"] for record in self.records.values() if "file" in record}
        yield "the terminal", self.said.encode()
        for path in sorted(self.out.rglob("*")):
            yield "a name", path.relative_to(self.out).as_posix().encode()
            if path.is_file() and path not in kept:
                yield str(path), path.read_bytes()

    def leaks(self, marks: tuple[str, ...] = MARKS) -> list[tuple[str, bytes]]:
        """Which of the marks stand where, in any of the codings in which a text is written."""
        coded = {coding(mark) for mark in marks for coding in CODINGS}
        found = ((where, content.lower()) for where, content in self.texts())
        return [(where, mark) for where, content in found for mark in coded if mark.lower() in content]


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, dict[str, bytes]]:
    """The scans by their names, with (True) and some of each kind without a patient's texts."""
    some = [index for index in range(SCANS) if index % PHANTOMS < COMPARED]
    return {
        True: {name_of(index, patient(index)): scan_of(index, patient(index)) for index in range(SCANS)},
        False: {name_of(index, NOBODY): scan_of(index, NOBODY) for index in some},
    }


def watched(edgecad: Run, model: Path, folder: Path, scans: dict[str, bytes], *more: object) -> Answered:
    incoming, out = folder / "in", folder / "out"
    (incoming / "monday").mkdir(parents=True)
    for name, data in scans.items():
        (incoming / "monday" / name).write_bytes(data)
    words = ["watch", incoming, out, "--model", model, "--device", "cpu", "--once", "--patience", "0.1", *more]
    ended = edgecad(*words)
    assert ended.code in (0, 3), ended.stderr
    paths = list(out.glob("*/????-*/*.json"))
    records = [msgspec.json.decode(path.read_bytes(), type=SpoolRecord) for path in paths]
    by_hash = {str(record.scan_sha256): msgspec.to_builtins(record) for record in records}
    return Answered(out, ended.stdout + ended.stderr, by_hash)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def above_line(picture: Pixels) -> Pixels:
    return picture[: int(ID_LINE * picture.shape[0])]


def test_of_fifty_patients_nothing_but_the_scan_holds_a_word(
    edgecad: Run, model_folder: Path, tmp_path: Path, hospital: dict[bool, dict[str, bytes]]
) -> None:
    told, plain = (watched(edgecad, model_folder, tmp_path / str(named), hospital[named]) for named in (True, False))
    assert (len(told.records), len(plain.records)) == (SCANS, COMPARED * len(KINDS))
    assert not told.leaks()
    seen = {"answered": 0, "refused": 0}
    without_words = iter(hospital[False].values())
    for index, with_words in enumerate(hospital[True].values()):
        assert b"Quuxomir" in with_words, "or nothing was tried"
        ours = told.records[sha(with_words)]
        assert ours["status"] == ("refused" if KINDS[index // PHANTOMS] == "dicom refused" else "answered")
        seen[ours["status"]] += 1
        assert (ours["scan"], ours["id"], ours["uids"]) == (sha(with_words)[:16], None, None)
        if index % PHANTOMS >= COMPARED:
            continue
        without = next(without_words)
        theirs = plain.records[sha(without)]
        assert ours["status"] == theirs["status"]
        assert ours["remarks"] == theirs["remarks"]
        assert ours["message"] == theirs["message"]
        assert ours["probability"] == theirs["probability"]
        pictures = [above_line(one.picture(sha(data), one.out)) for one, data in ((told, with_words), (plain, without))]
        assert np.array_equal(*pictures), f"the picture of scan {index}"
    assert next(without_words, None) is None
    assert seen == {"answered": SCANS - PHANTOMS, "refused": PHANTOMS}


SITE = '[identity]\nid_from = "{id_from}"\nscan = "name"\nuids = true\n'


@pytest.fixture(scope="module")
def some(hospital: dict[bool, dict[str, bytes]]) -> dict[int, tuple[str, bytes]]:
    """A scan of each kind, with a patient's texts: number, name and bytes."""
    scans = list(hospital[True].items())
    return {index: scans[index] for index in (0, 11, 22, 33, 44)}


@pytest.fixture(scope="module")
def silent(
    edgecad_in: Callable[[Path], Run],
    model_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    some: dict[int, tuple[str, bytes]],
) -> Answered:
    """What a watch leaves of those scans where no site asks for anything."""
    folder = tmp_path_factory.mktemp("silent")
    return watched(edgecad_in(folder), model_folder, folder, dict(some.values()))


@pytest.mark.parametrize("id_from", ["dicom:PatientName", "name", r"regex:\\s(PZN-77-.+?)\\."])
def test_what_a_site_asks_for_is_told_and_nothing_else(
    edgecad: Run, model_folder: Path, tmp_path: Path, some: dict[int, tuple[str, bytes]], silent: Answered, id_from: str
) -> None:
    scans = dict(some.values())
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(id_from=id_from))
    told = watched(edgecad, model_folder, tmp_path / "named", scans, "--site", site)
    wanted = {"dicom:PatientName": "{0.name}", "name": "{0.name} {0.number}"}.get(id_from, "{0.number}")
    for index, (name, data) in some.items():
        record = told.records[sha(data)]
        assert record["scan"] == f"monday/{name}"
        has_tags = KINDS[index // PHANTOMS].startswith("dicom")
        if id_from.startswith("dicom") and not has_tags:
            assert record["id"] is None
            assert record["remarks"][-1] == "no id: this scan is no DICOM object that can be read"
        else:
            assert record["id"] == wanted.format(patient(index))
            assert record["id"] in told.said
        assert (record["uids"] is not None) == has_tags
        if has_tags:
            dataset = pydicom.dcmread(io.BytesIO(data))
            assert record["uids"] == {
                name: str(dataset[name].value) for name in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
            }
        pictures = [one.picture(sha(data), one.out) for one in (told, silent)]
        assert np.array_equal(*map(above_line, pictures))
        assert record["id"] is None or not np.array_equal(*pictures), "the id stands on the picture"
    assert not told.leaks(("Schloßweg", "b, Wörgl"))
    assert not silent.leaks()
    assert told.leaks(("PZN-77-",)) or id_from.startswith("dicom"), "what was asked for is found"


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_infer_says_the_name_that_it_was_given_and_nothing_else(
    edgecad: Run, model_folder: Path, tmp_path: Path, hospital: dict[bool, dict[str, bytes]], form: str
) -> None:
    some = [1, 12, 34]
    names = [list(hospital[True])[index] for index in some]
    (tmp_path / "scans").mkdir()
    paths = [tmp_path / "scans" / name for name in names]
    for path in paths:
        path.write_bytes(hospital[True][path.name])
    (tmp_path / "hash.toml").write_text('[identity]\nscan = "hash"\n')
    out = tmp_path / "out"
    words = ["infer", *paths, tmp_path / "absent Quuxomir.jpg", "--model", model_folder, "--out", out, form]
    given, hashed, asked = (
        edgecad(*words, *more)
        for more in ([], ["--site", tmp_path / "hash.toml"], ["--id-from", "dicom:PatientID", "--uids"])
    )
    records = [_rows(ended.stdout, form) for ended in (given, hashed, asked)]
    assert [len(rows) for rows in records] == [len(some) + 1] * 3
    assert [row["scan"] for row in records[0]][:-1] == list(map(str, paths))
    assert [row["scan"] for row in records[1]] == [*(sha(path.read_bytes())[:16] for path in paths), "unread"]
    without_scan = [{key: cell for key, cell in row.items() if key != "scan"} for row in records[0]]
    assert not Answered(out, hashed.stdout + hashed.stderr, {}).leaks()
    assert not Answered(out, json.dumps(without_scan, ensure_ascii=False) + given.stderr, {}).leaks()
    for index, row in zip(some, records[2], strict=False):
        has_tags = KINDS[index // PHANTOMS].startswith("dicom")
        assert (row["id"] or None) == (patient(index).number if has_tags else None)
        assert bool(row["sop_instance_uid"] if form == "--csv" else row["uids"]) == has_tags


def _rows(text: str, form: str) -> list[dict[str, Any]]:
    if form == "--csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return [json.loads(line) for line in text.splitlines()]
