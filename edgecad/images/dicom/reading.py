"""DICOM: one 8-bit frame of a Secondary Capture, the only one or the one that the caller names.

pydicom parses a bounded head of the file, and only the attributes needed here; it never sees the pixels. A
deflated file, which it would inflate without a bound, is refused before.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from edgecad.errors import EdgecadError, InputRefused
from edgecad.images.dicom.frame import TAGS, Frame, check_screen, check_syntax, frame_from_dataset
from edgecad.images.dicom.pixels import rgb_from_frame
from edgecad.images.dicom.series import TAGS as SERIES_TAGS
from edgecad.images.dicom.series import said_of
from edgecad.images.limits import check_bytes
from edgecad.images.refusals import damaged, truncated
from edgecad.images.screen import Pixels, Said
from edgecad.system.extras import require

if TYPE_CHECKING:
    from pydicom import Dataset

MAGIC, MAGIC_AT = b"DICM", 128
# A million bytes of the smallest elements take pydicom a second; a screen's head is a few thousand.
_HEAD_BYTES = 2**20
_UNDEFINED = 0xFFFFFFFF
_PIXEL_DATA = struct.pack("<HH", 0x7FE0, 0x0010)

# Warning filters belong to the whole process.
_LOCK = threading.RLock()


@dataclass(frozen=True)
class DicomScreen:
    """Pixels `(height, width, 3)` uint8 RGB, and what the object says of its acquisition."""

    pixels: Pixels
    says: tuple[Said, ...]


def screen_from_dicom(data: bytes, frame: int | None = None) -> DicomScreen:
    """Decode one frame of a DICOM file, counted from 1; it need not be named where it is the only one.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large`, `wrong-kind`, `several-frames` or `no-such-frame`.
        NotAvailable: pydicom is not installed.
    """
    pydicom = require("pydicom", extra="dicom")
    head = io.BytesIO(data[:_HEAD_BYTES])
    with _guarded():
        syntax = _syntax_of_head(pydicom, head)
        head.seek(0)
        dataset = pydicom.dcmread(head, stop_before_pixels=True, specific_tags=[*TAGS, *SERIES_TAGS])
        check_screen(dataset, pydicom.uid.UID)
        _check_head(len(data), head.tell())
        about = frame_from_dataset(dataset, syntax, frame)
        value = _pixel_data(data, head.tell(), implicit=bool(dataset.original_encoding[0]))
        says = said_of(dataset)
    return DicomScreen(_decoded(about, value), says)


def screen_from_dataset(dataset: Dataset, frame: int | None = None) -> DicomScreen:
    """Decode one frame of a pydicom dataset with its pixel data; see `screen_from_dicom`.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large`, `wrong-kind`, `several-frames` or `no-such-frame`.
    """
    pydicom = require("pydicom", extra="dicom")
    with _guarded():
        meta = getattr(dataset, "file_meta", None)
        # A dataset made in memory is not encoded at all; the length of its pixel data is checked below.
        syntax = str(meta.TransferSyntaxUID) if meta else str(pydicom.uid.ExplicitVRLittleEndian)
        check_syntax(syntax, pydicom.uid.UID)
        check_screen(dataset, pydicom.uid.UID)
        about = frame_from_dataset(dataset, syntax, frame)
        value = dataset.PixelData
        check_bytes(len(value))
        value = memoryview(value)
        says = said_of(dataset)
    return DicomScreen(_decoded(about, value), says)


def _decoded(frame: Frame, value: memoryview) -> Pixels:
    with _guarded():
        return rgb_from_frame(frame, value)


@contextmanager
def _guarded() -> Iterator[None]:
    """Turn whatever a malformed object does to its parser into a refusal, and keep its warnings in."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except (EdgecadError, MemoryError, OSError):
            raise  # the last two are this machine's, not the object's
        except EOFError as error:
            raise truncated("the DICOM object ends early") from error
        except Exception as error:
            raise InputRefused(
                "damaged", "the DICOM object's attributes are malformed or missing; export the screen again"
            ) from error


def _syntax_of_head(pydicom: ModuleType, head: io.BytesIO) -> str:
    """Transfer syntax of a file, read from its meta group alone."""
    head.seek(MAGIC_AT + len(MAGIC))
    meta = pydicom.filereader.read_dataset(
        head, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag >> 16 != 2
    )
    syntax = str(meta.TransferSyntaxUID)
    check_syntax(syntax, pydicom.uid.UID)
    return syntax


def _check_head(length: int, position: int) -> None:
    if length > _HEAD_BYTES and position + 12 > _HEAD_BYTES:
        raise InputRefused(
            "too-large",
            f"more than {_HEAD_BYTES:,} bytes come before the DICOM pixel data; wanted a screen: export it again",
        )


def _pixel_data(data: bytes, position: int, *, implicit: bool) -> memoryview:
    """Value of the pixel data element at `position`; up to the file's end where its length is undefined."""
    start = position + (8 if implicit else 12)
    if start > len(data):
        raise truncated("the DICOM object ends early")
    if data[position : position + 4] != _PIXEL_DATA:
        raise damaged("the DICOM object holds no pixel data in their place")
    length = int.from_bytes(data[start - 4 : start], "little")
    if length == _UNDEFINED:
        return memoryview(data)[start:]
    if length > len(data) - start:
        raise truncated("the DICOM object ends early")
    return memoryview(data)[start : start + length]
