"""Screens as files: JPEG, PNG and DICOM bytes, each of which says PHANTOM in its metadata."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.system.extras import require

Pixels = npt.NDArray[np.uint8]

NOTE = "PHANTOM: synthetic polar map drawn by EdgeCAD, no patient, research use only"
JPEG_QUALITY = 95

_JPEG_COMMENT = b"\xff\xfe"
_PNG_HEADER_END = 8 + 25  # signature, then length, name, 13 bytes and checksum of IHDR


def _encoded(pixels: Pixels, suffix: str, options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise OSError(f"OpenCV did not write a {suffix} of {pixels.shape} {pixels.dtype}")
    return data.tobytes()


def jpeg_bytes(pixels: Pixels, quality: int = JPEG_QUALITY) -> bytes:
    """Encode `(height, width, 3)` uint8 RGB as JPEG with a comment that says PHANTOM; `quality` is 0 to 100."""
    data = _encoded(pixels, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])
    # JFIF wants its own segment directly after the start marker: the comment follows it.
    after_jfif = 4 + struct.unpack(">H", data[4:6])[0]
    note = NOTE.encode("ascii")
    comment = _JPEG_COMMENT + struct.pack(">H", len(note) + 2) + note
    return data[:after_jfif] + comment + data[after_jfif:]


def png_bytes(pixels: Pixels) -> bytes:
    """Encode `(height, width, 3)` uint8 RGB as PNG with a `Description` that says PHANTOM."""
    return _described(_encoded(pixels, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 6]))


def mask_bytes(mask: npt.NDArray[np.bool_]) -> bytes:
    """Encode a mask `(height, width)` as a grey PNG, white where it is True, that says PHANTOM as `png_bytes` does."""
    done, data = cv2.imencode(".png", mask.astype(np.uint8) * 255, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not done:
        raise OSError(f"OpenCV did not write a mask of {mask.shape}")
    return _described(data.tobytes())


def _described(data: bytes) -> bytes:
    """A PNG with a `Description` after its header."""
    body = b"tEXt" + b"Description\x00" + NOTE.encode("ascii")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_PNG_HEADER_END] + chunk + data[_PNG_HEADER_END:]


def _uid(pixels: Pixels, what: str) -> str:
    """Return a UID under 2.25 that depends on the pixels alone: the same screen is the same object."""
    digest = hashlib.sha256(what.encode("ascii") + pixels.tobytes()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def dicom_bytes(pixels: Pixels) -> bytes:
    """Encode `(height, width, 3)` uint8 RGB as a DICOM Secondary Capture of a PHANTOM.

    Says so in the patient's name and identifier, the series description, the comments, and in Quality
    Control Subject (0010,0200).

    Raises:
        NotAvailable: pydicom is not installed.
    """
    require("pydicom", extra="dicom")
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

    dataset, meta = Dataset(), FileMetaDataset()
    for name, value in (_identity(pixels) | _picture(pixels)).items():
        setattr(dataset, name, value)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _identity(pixels: Pixels) -> dict[str, str | list[str]]:
    return {
        "SOPInstanceUID": _uid(pixels, "instance"),
        "StudyInstanceUID": _uid(pixels, "study"),
        "SeriesInstanceUID": _uid(pixels, "series"),
        "ImageType": ["DERIVED", "SECONDARY"],
        "PatientName": "PHANTOM",
        "PatientID": "PHANTOM",
        "PatientBirthDate": "",
        "PatientSex": "",
        "QualityControlSubject": "YES",
        "StudyDate": "",
        "StudyTime": "",
        "StudyID": "",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "SeriesNumber": "1",
        "InstanceNumber": "1",
        "Modality": "NM",
        "ConversionType": "SYN",
        "BodyPartExamined": "HEART",
        "PatientOrientation": "",
        "SeriesDescription": "PHANTOM polar map",
        "ImageComments": NOTE,
        "BurnedInAnnotation": "NO",
    }


def _picture(pixels: Pixels) -> dict[str, str | int | bytes]:
    height, width, channels = pixels.shape
    return {
        "SamplesPerPixel": channels,
        "PhotometricInterpretation": "RGB",
        "PlanarConfiguration": 0,
        "Rows": height,
        "Columns": width,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": pixels.tobytes(),
    }
