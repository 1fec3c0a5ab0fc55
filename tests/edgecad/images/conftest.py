"""Small files made on the spot: good ones, and the tools to break them."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgecad.errors import InputRefused

Image = npt.NDArray[np.uint8]
PLAIN_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")


@pytest.fixture(scope="session")
def image() -> Image:
    """A smooth colour picture, `(60, 80, 3)` RGB."""
    rows, columns = np.mgrid[0:60, 0:80]
    return np.stack((rows * 4, columns * 3, 255 - rows - columns), axis=2).astype(np.uint8)


@pytest.fixture(scope="session")
def jpeg_of() -> Callable[..., bytes]:
    def encode(pixels: Image, *options: int) -> bytes:
        shown = pixels[..., ::-1] if pixels.ndim == 3 else pixels
        return cv2.imencode(".jpg", np.ascontiguousarray(shown), list(options))[1].tobytes()

    return encode


@pytest.fixture(scope="session")
def png_of() -> Callable[..., bytes]:
    """Write a PNG chunk by chunk: what no ordinary encoder would write is wanted too."""
    return png_from_rows


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_from_rows(
    width: int,
    height: int,
    rows: bytes,
    *,
    depth: int = 8,
    colour: int = 2,
    interlace: int = 0,
    before: bytes = b"",
    compressed: bytes | None = None,
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    data = zlib.compress(rows) if compressed is None else compressed
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture(scope="session")
def make_chunk() -> Callable[[bytes, bytes], bytes]:
    return chunk


@pytest.fixture(scope="session")
def png(image: Image) -> bytes:
    return cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))[1].tobytes()


@pytest.fixture(scope="session")
def jpeg(image: Image, jpeg_of: Callable[..., bytes]) -> bytes:
    return jpeg_of(image)


@pytest.fixture(scope="session")
def dicom_of() -> Callable[..., bytes]:
    """Write a Secondary Capture; attributes and pixel data may be anything.

    Compressed pixel data are one frame, or `fragmented` already: all of the items as they shall stand in the file.
    """
    pydicom = pytest.importorskip("pydicom")

    def encode(
        value: bytes, *, syntax: str = "1.2.840.10008.1.2.1", fragmented: bool = False, **attributes: object
    ) -> bytes:
        dataset = dataset_of(value, syntax=syntax, fragmented=fragmented, **attributes)
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
        return stream.getvalue()

    def dataset_of(value: bytes, *, syntax: str, fragmented: bool = False, **attributes: object) -> object:
        dataset = pydicom.Dataset()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "2.25.1"
        dataset.PatientName = "Doe^Jane"
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
        dataset.Rows, dataset.Columns, dataset.PlanarConfiguration = 60, 80, 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelRepresentation = 0
        for name, attribute in attributes.items():
            setattr(dataset, name, attribute)
        encapsulated = syntax not in PLAIN_SYNTAXES
        wrapped = pydicom.encaps.encapsulate([value]) if encapsulated and not fragmented else value
        dataset.PixelData = wrapped + b"\0" * (len(wrapped) % 2)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = encapsulated
        return dataset

    encode.dataset = dataset_of  # type: ignore[attr-defined]
    return encode


@pytest.fixture(scope="session")
def dicom(image: Image, dicom_of: Callable[..., bytes]) -> bytes:
    return dicom_of(image.tobytes())


@pytest.fixture
def refused() -> Callable[[str], AbstractContextManager[object]]:
    """Expect a refusal for one reason, in one line that tells nothing of the patient or the file."""
    return Refusal


class Refusal:
    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __enter__(self) -> Refusal:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        assert isinstance(error, InputRefused), f"wanted a refusal ({self.reason}), got {error!r}"
        assert error.reason == self.reason, f"{error.reason}: {error}"
        message = str(error)
        assert message
        assert "\n" not in message
        assert not any(word in message for word in ("Doe", "Jane", "scan-of", "pytest"))
        return True
