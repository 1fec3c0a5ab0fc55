"""Whose a scan is, from what is read of it: its attributes, only those that were asked for, and never by guessing."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad.identity import MAX_LETTERS, id_source_of
from edgecad.images.dicom.attributes import attribute_of
from edgecad.inference.identity import Identified, IdentityChoice, identity_choice
from edgecad.site import SiteIdentity

pydicom = pytest.importorskip("pydicom", reason="attributes are read by pydicom: edgecad[dicom]")
SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.2")

Write = Callable[..., bytes]


@pytest.fixture
def write() -> Write:
    """Write an object with some attributes; one of no kind and no pixels, which is refused as a scan."""

    def written(syntax: str = SYNTAXES[1], **attributes: Any) -> bytes:
        dataset = pydicom.Dataset()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.128", "2.25.77"
        stream = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, of values that no object should have
            for name, value in attributes.items():
                setattr(dataset, name, value)
            pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
        return stream.getvalue()

    return written


def by(words: str, given: Any, **more: Any) -> Identified:
    return IdentityChoice(id_source_of(words), **more).identified(given, None)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_attribute_is_the_id_in_whatever_coding_and_of_whatever_kind_the_object_is(
    write: Write, syntax: str
) -> None:
    data = write(syntax, AccessionNumber="A-4711 ")
    assert by("dicom:AccessionNumber", data) == Identified("A-4711")
    assert by("dicom:0008,0050", data) == by("dicom:(0008,0050)", data) == by("dicom:00080050", data)
    assert by("dicom:AccessionNumber", pydicom.dcmread(io.BytesIO(data))) == Identified("A-4711")


@pytest.mark.parametrize(
    ("keyword", "value", "identity"),
    [
        ("PatientName", "Müller^Änne", "Müller^Änne"),
        ("PatientID", "00042", "00042"),
        ("StudyDate", "20261130", "20261130"),
        ("StudyID", "\x1b[31m7", "[31m7"),
        ("InstanceNumber", "007", "007"),
        ("SeriesInstanceUID", "1.2.3", "1.2.3"),
    ],
)
def test_an_attribute_of_any_kind_of_text_is_told_as_it_stands(
    write: Write, keyword: str, value: str, identity: str
) -> None:
    data = write(SpecificCharacterSet="ISO_IR 192", **{keyword: value})
    assert by(f"dicom:{keyword}", data).identity == identity


@pytest.mark.parametrize(
    ("sets", "letters", "identity"),
    [
        (None, b"A-4711", "A-4711"), (None, b"M\xfcller", None), ("", b"M\xfcller", None),
        ("ISO_IR 6", b"M\xfcller", None), ("ISO_IR 999", b"M\xfcller", None), ("ISO_IR 999", b"A-4711", "A-4711"),
        ("ISO_IR 100", b"M\xfcller", "Müller"), ("ISO_IR 192", b"M\xc3\xbcller", "Müller"),
        ("ISO_IR 192", b"M\xfcller", None), (["", "ISO 2022 IR 87"], b"\x1b$B;3ED\x1b(B", "山田"),
        (["", "ISO 2022 IR 87"], b"\x1b$Zxx", None), (["", "ISO_IR 999"], b"M\xfc", None),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of the sets
def test_letters_of_a_set_that_an_object_does_not_name_are_no_id(
    write: Write, sets: str | list[str] | None, letters: bytes, identity: str | None
) -> None:
    """No set, an unknown one, an escape to one that is not named: another id than the patient's would be a guess."""
    more = {} if sets is None else {"SpecificCharacterSet": sets}
    data = write(AccessionNumber="Q" * len(letters), **more).replace(b"Q" * len(letters), letters)
    for given in (data, pydicom.dcmread(io.BytesIO(data))):
        found = by("dicom:AccessionNumber", given)
        assert found.identity == identity
        assert (found.remark is None) == (identity is not None)


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({}, "has no PatientID"),
        ({"PatientID": ""}, "PatientID is empty"),
        ({"PatientID": "  "}, "PatientID is empty"),
        ({"PatientID": "ONE\\TWO"}, "PatientID holds 2 values"),
        ({"PatientID": "\x07\x08"}, "no letter"),
        ({"PatientID": "x" * (MAX_LETTERS + 1)}, f"has {MAX_LETTERS + 1} letters"),
    ],
)
def test_what_is_no_single_text_is_no_id_and_the_remark_says_why(
    write: Write, attributes: dict[str, str], why: str
) -> None:
    found = by("dicom:PatientID", write(**attributes))
    assert found.identity is None
    assert found.remark is not None
    assert why in found.remark
    assert not any(value in found.remark for value in attributes.values() if value.strip())


def test_what_is_no_object_that_can_be_read_has_no_id(write: Write) -> None:
    whole = write(PatientID="SECRET")
    for given in (b"\xff\xd8\xff a photograph", b"", None, np.zeros((4, 4, 3), np.uint8), whole[:150]):
        found = by("dicom:PatientID", given)
        assert found == Identified(remark="no id: this scan is no DICOM object that can be read")


def test_an_object_that_is_damaged_anywhere_gives_an_id_or_says_that_it_has_none(write: Write) -> None:
    """Whatever byte is another one: no error, and no id without a reason."""
    whole = bytearray(write(PatientID="GOOD", PatientName="Doe^Jane", StudyInstanceUID="1.2.3"))
    for place in range(len(whole)):
        damaged = bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        found = by("dicom:PatientID", damaged, uids=True)
        assert (found.identity is None) == (found.remark is not None)


def test_uids_are_told_only_if_they_are_wanted_and_are_none_where_a_name_stands_in_their_place(write: Write) -> None:
    data = write(StudyInstanceUID="1.2.3", SeriesInstanceUID="Doe^Jane")
    assert IdentityChoice().identified(data, None) == Identified()
    uids = IdentityChoice(uids=True).identified(data, None).uids
    assert uids is not None
    assert (uids.sop_instance, uids.study, uids.series) == ("2.25.77", "1.2.3", None)
    assert IdentityChoice(uids=True).identified(b"\xff\xd8\xff", None) == Identified()


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("AccessionNumbr", "did you mean AccessionNumber?"), ("Nothing", "no DICOM keyword"),
        ("SharedFunctionalGroupsSequence", "no text (SQ)"), ("RedPaletteColorLookupTableData", "no text (OW)"),
        ("PixelData", "before its pixels"), ("0002,0003", "before its pixels"), ("FFFE,E000", "before its pixels"),
    ],
)  # fmt: skip
def test_an_attribute_that_can_be_no_id_is_refused_at_the_start(words: str, seen: str) -> None:
    with pytest.raises(UsageError) as refused:
        identity_choice(None, f"dicom:{words}")
    assert seen in str(refused.value)


def test_a_private_attribute_may_be_the_id(write: Write) -> None:
    dataset = pydicom.dcmread(io.BytesIO(write()))
    dataset.add_new((0x0029, 0x0010), "LO", "OURS")
    dataset.add_new((0x0029, 0x1001), "LO", "P-7")
    assert by("dicom:0029,1001", dataset) == Identified("P-7")
    assert attribute_of("0029,1001").name == "0029,1001"


@pytest.mark.parametrize("words", ["dicom:lower", "regex:(", "nothing", ""])
def test_a_site_that_says_no_place_of_an_id_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"name, dicom:KEYWORD|regular expression"):
        SiteIdentity(id_from=words)
