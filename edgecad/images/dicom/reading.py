"""DICOM: one 8-bit frame of a Secondary Capture, the only one or the one that the caller names.

pydicom parses a bounded head of the file, and only the attributes needed here; it never sees the pixels. A
deflated file, which it would inflate without a bound, is refused before.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from edgecad.errors import EdgecadError, InputRefused
from edgecad.images.dicom.beginning import beginning_of
from edgecad.images.dicom.frame import PLAIN, TAGS, Frame, check_screen, check_syntax, frame_from_dataset
from edgecad.images.dicom.pixels import rgb_from_frame
from edgecad.images.dicom.series import TAGS as SERIES_TAGS
from edgecad.images.dicom.series import said_of
from edgecad.images.limits import check_bytes
from edgecad.images.refusals import damaged, truncated, wrong_kind
from edgecad.images.screen import Pixels, Said
from edgecad.system.extras import require

if TYPE_CHECKING:
    from pydicom import Dataset

# A hundred thousand elements take pydicom a second; a screen's head has a few hundred. What is stepped over, as a long
# private block, is not read and costs nothing.
_MAX_READS = 100_000
_MAX_VALUES = 2**20
"""Bytes in all of the values that are looked into; a palette of 65,536 colours has 400 kB."""
_DEFLATED = "1.2.840.10008.1.2.1.99"
"""The one coding in which the attributes themselves are deflated, and the only one that pydicom inflates."""
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
    head = _Head(data)
    with guarded():
        syntax = _syntax_of_head(pydicom, head, data)
        check_syntax(syntax, pydicom.uid.UID)
        dataset = _read(pydicom, head, [*TAGS, *SERIES_TAGS])
        check_screen(dataset, pydicom.uid.UID)
        _check_values(dataset)
        about = frame_from_dataset(dataset, syntax, frame)
        value = _pixel_data(data, head.tell(), syntax)
        says = said_of(dataset)
    return DicomScreen(_decoded(about, value), says)


def screen_from_dataset(dataset: Dataset, frame: int | None = None) -> DicomScreen:
    """Decode one frame of a pydicom dataset with its pixel data; see `screen_from_dicom`.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large`, `wrong-kind`, `several-frames` or `no-such-frame`.
    """
    pydicom = require("pydicom", extra="dicom")
    with guarded():
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


def attributes_from_dicom(data: bytes, tags: Sequence[int | str]) -> Dataset:
    """Some attributes of a DICOM file, of whatever kind and coding it is; those that it has.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`: deflated.
        NotAvailable: pydicom is not installed.
    """
    pydicom = require("pydicom", extra="dicom")
    head = _Head(data)
    with guarded():
        syntax = _syntax_of_head(pydicom, head, data)
        if _DEFLATED in syntax:
            check_syntax(syntax, pydicom.uid.UID)
        dataset = _read(pydicom, head, tags)
        _check_values(dataset)
    return dataset


def _decoded(frame: Frame, value: memoryview) -> Pixels:
    with guarded():
        return rgb_from_frame(frame, value)


@contextmanager
def guarded() -> Iterator[None]:
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


class _Head(io.BytesIO):
    """A file as pydicom sees it, which may read so many pieces of it and step over what it likes."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a piece.

        Raises:
            InputRefused: `too-large` beyond the limit.
        """
        self._reads += 1
        if self._reads > _MAX_READS:
            raise _too_long(f"more than {_MAX_READS:,} pieces come before the DICOM pixel data")
        return super().read(size)


def _too_long(seen: str) -> InputRefused:
    return InputRefused("too-large", f"{seen}; wanted a screen: export it again")


def _syntax_of_head(pydicom: ModuleType, head: _Head, data: bytes) -> str:
    """Transfer syntax of a file: of its meta group, which alone is read, or told by its first elements."""
    beginning = beginning_of(data)
    if beginning is None:
        raise damaged("the DICOM object begins as none")
    if beginning.syntax is not None:
        return beginning.syntax
    head.seek(beginning.start)
    meta = pydicom.filereader.read_dataset(
        head, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag >> 16 != 2
    )
    return str(meta.TransferSyntaxUID)


def _read(pydicom: ModuleType, head: _Head, tags: Sequence[int | str]) -> Dataset:
    head.seek(0)
    # By force, because a file without preamble is read as well: what is DICOM was told before.
    dataset: Dataset = pydicom.dcmread(head, stop_before_pixels=True, specific_tags=[*tags], force=True)
    return dataset


def _check_values(dataset: Dataset) -> None:
    """Hold the raw values' length against the limit, before they are made numbers, names and sequences."""
    lengths = [len(raw.value) for raw in dataset._dict.values() if isinstance(raw.value, bytes)]
    if sum(lengths) > _MAX_VALUES:
        raise _too_long(f"the DICOM object describes its pixels in {sum(lengths):,} bytes")


def _pixel_data(data: bytes, position: int, syntax: str) -> memoryview:
    """Value of the pixel data element at `position`; up to the file's end where its length is undefined."""
    # As it stands here, because some writers declare the other way. An implicit length is even, and `OB` is not one.
    explicit = data[position + 4 : position + 6] in (b"OB", b"OW", b"UN")
    start = position + (12 if explicit else 8)
    if start > len(data):
        raise truncated("the DICOM object ends early")
    if data[position : position + 4] != _PIXEL_DATA:
        raise damaged("the DICOM object holds no pixel data in their place")
    length = int.from_bytes(data[start - 4 : start], "little")
    if length == _UNDEFINED and syntax in PLAIN:
        # The standard keeps this for compressed frames; a data set saved without a meta group does not say which.
        raise wrong_kind(
            "DICOM whose pixel data are in fragments and which does not say how they are compressed",
            "a DICOM file with its meta group",
        )
    if length == _UNDEFINED:
        return memoryview(data)[start:]
    if length > len(data) - start:
        raise truncated("the DICOM object ends early")
    return memoryview(data)[start : start + length]
