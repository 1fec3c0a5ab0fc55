"""The pixel data of one DICOM frame, made RGB (PS3.3 C.7.6.3.1)."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad.errors import InputRefused
from edgecad.images.dicom.encapsulated import fragments_of_frame, unpacked_planes
from edgecad.images.dicom.frame import JPEG, JPEG_2000, JPEG_2000_LOSSY, JPEG_LOSSLESS, RLE, Frame
from edgecad.images.dicom.palette import PaletteTable
from edgecad.images.jpeg.lossless import header_from_lossless, samples_from_lossless
from edgecad.images.jpeg.reading import MAGIC, header_from_jpeg, rgb_from_jpeg
from edgecad.images.jpeg2000 import MAGIC as JPEG_2000_MAGIC
from edgecad.images.jpeg2000 import header_from_codestream, samples_from_codestream
from edgecad.images.refusals import damaged, truncated, wrong_kind
from edgecad.images.screen import Pixels

_UNCOMPRESSED = "export the screen again without compression"


def rgb_from_frame(frame: Frame, value: memoryview) -> Pixels:
    """Make `(height, width, 3)` uint8 RGB of a frame and the value of the pixel data element that holds it.

    No other frame of the element is decoded or copied.

    Raises:
        InputRefused: `truncated`, `damaged`, `too-large` or `wrong-kind`.
    """
    where = value, frame.index, frame.count
    if frame.syntax in JPEG:
        return _rgb_from_jpeg_frame(frame, fragments_of_frame(*where, MAGIC))
    if frame.syntax in JPEG_LOSSLESS:
        return _rgb_from_samples(frame, _samples_from_lossless(frame, fragments_of_frame(*where, MAGIC)))
    if frame.syntax in JPEG_2000:
        return _rgb_from_jpeg2000_frame(frame, fragments_of_frame(*where, JPEG_2000_MAGIC))
    if frame.syntax == RLE:
        return _rgb_from_samples(frame, _samples_from_rle(frame, fragments_of_frame(*where)))
    return _rgb_from_samples(frame, _samples_from_plain(frame, value))


def _rgb_from_jpeg_frame(frame: Frame, data: bytes) -> Pixels:
    if not data.startswith(MAGIC):
        raise damaged("the DICOM frame is not the JPEG that it declares")
    header = header_from_jpeg(data)
    _check_alike(frame, (header.width, header.height, header.components))
    if frame.palette or (frame.photometric == "RGB" and not header.colour_stated):
        raise InputRefused(
            "wrong-kind",
            "DICOM whose JPEG frame leaves its colours open; wanted YBR_FULL_422, or a JFIF or Adobe mark: "
            f"{_UNCOMPRESSED}",
        )
    rgb = rgb_from_jpeg(data)
    return _inverted(rgb) if frame.photometric == "MONOCHROME1" else rgb


def _samples_from_lossless(frame: Frame, data: bytes) -> Pixels:
    """Samples `(height, width, samples)` of a lossless JPEG; what they are is said by the object around it."""
    if not data.startswith(MAGIC):
        raise damaged("the DICOM frame is not the JPEG that it declares")
    header = header_from_lossless(data)
    _check_alike(frame, (header.width, header.height, header.components))
    if frame.photometric == "YBR_FULL_422":
        raise wrong_kind("DICOM JPEG Lossless with halved colours", "RGB")
    if frame.samples == 3 and header.rgb is not None and header.rgb != (frame.photometric == "RGB"):
        raise wrong_kind(
            f"DICOM with the colours {frame.photometric}, whose JPEG frame says otherwise",
            "one word on the colours",
            _UNCOMPRESSED,
        )
    return samples_from_lossless(header)


def _rgb_from_jpeg2000_frame(frame: Frame, data: bytes) -> Pixels:
    """The decoder undoes the code's own transform of colours; what DICOM says of them has to go with it."""
    header = header_from_codestream(data)
    _check_alike(frame, (header.width, header.height, header.components))
    if frame.palette and frame.syntax == JPEG_2000_LOSSY:
        # A colour's number that is off by one is another colour (PS3.5 8.2.4).
        raise wrong_kind("DICOM with a palette in a coding that may lose", "JPEG 2000 Lossless Only", _UNCOMPRESSED)
    said_transformed = frame.photometric in ("YBR_RCT", "YBR_ICT")
    if frame.samples == 3 and (said_transformed != header.transformed) and frame.photometric != "RGB":
        raise wrong_kind(
            f"DICOM with the colours {frame.photometric}, whose JPEG 2000 frame says otherwise",
            "one word on the colours",
            _UNCOMPRESSED,
        )
    samples = samples_from_codestream(data, header)
    # Of RGB many writers transform the colours and do not say so; what is decoded is RGB either way.
    return np.array(samples, order="C") if said_transformed else _rgb_from_samples(frame, samples)


def _check_alike(frame: Frame, inside: tuple[int, int, int]) -> None:
    if inside != (frame.width, frame.height, frame.samples):
        raise damaged("the compressed frame and the DICOM around it declare two sizes")


def _samples_from_plain(frame: Frame, value: memoryview) -> Pixels:
    """Samples `(height, width, samples)` of uncompressed pixel data."""
    halved = frame.photometric == "YBR_FULL_422"
    if halved and frame.width % 2:
        raise damaged("YBR_FULL_422 of odd width does not exist")
    length = frame.width * frame.height * (2 if halved else frame.samples)
    whole = length * frame.count
    if len(value) < whole:
        raise truncated("the DICOM pixel data are shorter than declared")
    if len(value) > whole + whole % 2:
        raise damaged("the DICOM pixel data are longer than declared")
    samples = np.frombuffer(value, np.uint8, length, offset=length * frame.index)
    if halved:
        return _doubled(samples).reshape(frame.height, frame.width, 3)
    if frame.planar:
        return np.moveaxis(samples.reshape(3, frame.height, frame.width), 0, 2)
    return samples.reshape(frame.height, frame.width, frame.samples)


def _doubled(samples: Pixels) -> Pixels:
    """Y Y Cb Cr for two pixels -> Y Cb Cr, Y Cb Cr."""
    pairs = samples.reshape(-1, 4)
    return np.stack((pairs[:, :2], pairs[:, [2, 2]], pairs[:, [3, 3]]), axis=2)


def _samples_from_rle(frame: Frame, data: bytes) -> Pixels:
    if frame.photometric == "YBR_FULL_422":
        raise wrong_kind("DICOM RLE with halved colours", "RGB")
    planes = unpacked_planes(data, frame.samples, frame.width * frame.height)
    return np.stack([plane.reshape(frame.height, frame.width) for plane in planes], axis=2)


def _rgb_from_samples(frame: Frame, samples: Pixels) -> Pixels:
    if frame.photometric == "RGB":
        return np.array(samples, order="C")
    if frame.samples == 3:
        # OpenCV orders the two colour differences the other way round.
        return _uint8(cv2.cvtColor(np.ascontiguousarray(samples[:, :, [0, 2, 1]]), cv2.COLOR_YCrCb2RGB))
    if frame.palette is not None:
        return _coloured(samples[:, :, 0], frame.palette)
    rgb = _uint8(cv2.cvtColor(np.ascontiguousarray(samples), cv2.COLOR_GRAY2RGB))
    return _inverted(rgb) if frame.photometric == "MONOCHROME1" else rgb


def _coloured(values: Pixels, palette: PaletteTable) -> Pixels:
    entry = np.clip(np.arange(256) - palette.first, 0, len(palette.colours) - 1)
    return palette.colours[entry][values]


def _inverted(rgb: Pixels) -> Pixels:
    return _uint8(cv2.bitwise_not(rgb))


def _uint8(pixels: object) -> Pixels:
    return np.asarray(pixels, np.uint8)
