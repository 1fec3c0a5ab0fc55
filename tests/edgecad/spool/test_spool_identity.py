"""What a claim keeps of a name, and that an id outlives the process that took its scan."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from edgecad import Classifier
from edgecad.errors import DeviceFailed
from edgecad.identity import id_source_of
from edgecad.inference.identity import IdentityChoice
from edgecad.spool.index import SpoolRecord
from edgecad.spool.processor import LAST_DEATHS, Processor
from edgecad.spool.source import Traits

from .test_spool_worker import Handed, Station

NAME = "monday/Doe^Jane 4711.jpg"
NUMBER = IdentityChoice(id_source_of(r"regex:\s(\d+)\."), scan="hash")
Scan = Callable[[int], bytes]


@pytest.fixture
def killed(
    tmp_path: Path, model_folder: Path, phantom_jpeg: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[IdentityChoice], Station]:
    """Give a worker a scan, and end it between the taking and the record."""

    def run(wanted: IdentityChoice) -> Station:
        place = tmp_path / "place"
        (place / "monday").mkdir(parents=True)
        classifier = Classifier(model_folder, device="cpu")
        station = Station(Handed(place, [(NAME, phantom_jpeg.read_bytes())]), tmp_path / "out", classifier)
        with monkeypatch.context() as patch:
            patch.setattr(Processor, "handle", _dies)
            with pytest.raises(DeviceFailed):
                station.once(wanted=wanted)
        return station

    return run


def _dies(*_: object, **__: object) -> SpoolRecord:
    raise DeviceFailed("the power went")


def claim_of(station: Station) -> Path:
    (path,) = (station.out / "taken").glob("*.json")
    return path


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (IdentityChoice(scan="hash"), ()),
        (IdentityChoice(id_source_of("dicom:PatientName"), scan="hash", uids=True), ()),
        (NUMBER, ("4711",)),
        (IdentityChoice(id_source_of("name"), scan="hash"), ("4711", "Doe^Jane")),
        (IdentityChoice(scan="name"), ("4711", "Doe^Jane", "monday")),
    ],
    ids=["nothing", "attributes", "a part", "the stem", "the name"],
)
def test_a_claim_keeps_of_a_name_what_was_asked_for(
    killed: Callable[[IdentityChoice], Station], wanted: IdentityChoice, kept: tuple[str, ...]
) -> None:
    station = killed(wanted)
    written = claim_of(station).read_text("utf-8")
    assert {word for word in ("4711", "Doe^Jane", "monday") if word in written} == set(kept)
    station.once(wanted=wanted)
    (record,) = station.records()
    assert record.file.endswith(".jpg"), "the ending is kept"
    assert record.id == (wanted.id_of_name(NAME) if wanted.source else None)
    assert record.scan == (NAME if wanted.scan == "name" else str(record.scan_sha256)[:16])
    written = b"".join(path.read_bytes() for path in station.out.rglob("*.json")).decode()
    assert {word for word in ("4711", "Doe^Jane", "monday") if word in written} == set(kept)


@pytest.mark.parametrize(
    ("then", "remark"),
    [
        (IdentityChoice(scan="hash"), ()),
        (IdentityChoice(id_source_of("name"), scan="name"), ("none, or is not known",)),
    ],
    ids=["nothing", "the name"],
)
def test_a_site_that_asks_for_something_else_after_a_kill_gets_no_id_of_the_wish_before(
    killed: Callable[[IdentityChoice], Station], then: IdentityChoice, remark: tuple[str, ...]
) -> None:
    station = killed(NUMBER)
    station.once(wanted=then)
    (record,) = station.records()
    assert (record.id, record.scan) == (None, str(record.scan_sha256)[:16])
    assert len(record.remarks) == len(remark)
    assert all(words in said for words, said in zip(remark, record.remarks, strict=True))


@pytest.mark.parametrize("wanted", [IdentityChoice(scan="hash"), NUMBER, IdentityChoice(scan="name")])
def test_a_claim_of_an_earlier_version_is_read_and_its_name_is_told_only_where_it_is_wanted(
    killed: Callable[[IdentityChoice], Station], wanted: IdentityChoice
) -> None:
    station = killed(IdentityChoice(scan="hash"))
    path = claim_of(station)
    ours = json.loads(path.read_bytes())
    earlier = {key: ours[key] for key in ("id", "received", "traits", "deaths")}
    path.write_text(json.dumps({**earlier, "scan": NAME}))
    station.once(wanted=wanted)
    (record,) = station.records()
    assert record.scan == (NAME if wanted.scan == "name" else str(record.scan_sha256)[:16])
    assert record.id == ("4711" if wanted is NUMBER else None)
    assert record.file.endswith(".jpg")
    written = (station.out / record.file).with_suffix(".json").read_text()
    assert ("Doe^Jane" in written) == (wanted.scan == "name")


class EarlierClaim(msgspec.Struct, frozen=True):
    """A claim as the version before this one read it."""

    id: str
    scan: str
    received: str
    traits: Traits
    deaths: int = 0


def test_an_earlier_version_reads_a_claim_of_this_one(killed: Callable[[IdentityChoice], Station]) -> None:
    """Whoever goes back to it while a scan is taken keeps that scan."""
    path = claim_of(killed(NUMBER))
    assert msgspec.json.decode(path.read_bytes(), type=EarlierClaim).id == path.stem


def test_the_same_bytes_under_another_id_are_answered_for_themselves(
    tmp_path: Path, model_folder: Path, phantom_jpeg: Path
) -> None:
    """A copy has no picture of its own, and that of the first says another id."""
    (tmp_path / "place").mkdir()
    coming = [(f"{name}.jpg", phantom_jpeg.read_bytes()) for name in ("x 1", "y 1", "z 2")]
    with Classifier(model_folder, device="cpu") as classifier:
        station = Station(Handed(tmp_path / "place", coming), tmp_path / "out", classifier)
        station.once(wanted=NUMBER)
    assert [(record.id, record.status) for record in station.records()] == [
        ("1", "answered"), ("1", "copy"), ("2", "answered"),
    ]  # fmt: skip
    assert len({record.figure for record in station.records()}) == 3


def test_what_cannot_be_read_is_called_by_its_claim_and_has_the_id_of_its_name(
    tmp_path: Path, model_folder: Path
) -> None:
    (tmp_path / "place").mkdir()
    with Classifier(model_folder, device="cpu") as classifier:
        station = Station(Handed(tmp_path / "place", [("Doe^Jane 7.jpg", b"")]), tmp_path / "out", classifier)
        station.once(wanted=NUMBER)
    (record,) = station.records()
    assert (record.status, record.scan, record.id) == ("refused", record.claim, "7")
    assert "Doe" not in msgspec.json.encode(record).decode()


@pytest.mark.parametrize(
    ("source", "uids", "identity", "lacks"),
    [
        (None, False, None, None),
        (None, True, None, "no UIDs"),
        (r"regex:\s(\d+)\.", False, "4711", None),
        (r"regex:\s(\d+)\.", True, "4711", "no UIDs"),
        ("dicom:AccessionNumber", False, None, "no id"),
        ("dicom:AccessionNumber", True, None, "no id and no UIDs"),
    ],
)
def test_a_record_says_that_nothing_was_read_of_a_scan_that_ended_too_many_processes(
    killed: Callable[[IdentityChoice], Station], source: str | None, uids: bool, identity: str | None, lacks: str | None
) -> None:
    """It was not looked at, so its record must not say what it holds."""
    wanted = IdentityChoice(None if source is None else id_source_of(source), scan="hash", uids=uids)
    station = killed(wanted)
    path = claim_of(station)
    path.write_text(json.dumps({**json.loads(path.read_text()), "deaths": LAST_DEATHS}))
    station.once(wanted=wanted)
    (record,) = station.records()
    assert record.id == identity
    assert record.uids is None
    why = "processes ended over this scan, so nothing was read of its attributes"
    assert [remark for remark in record.remarks if remark.startswith("no ")] == ([f"{lacks}: {why}"] if lacks else [])
