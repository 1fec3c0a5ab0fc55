"""What a reader hands on: the pixels of one screen and where they come from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]
FileKind: TypeAlias = Literal["jpeg", "png", "dicom"]
Kind: TypeAlias = Literal["jpeg", "png", "dicom", "array"]
Said: TypeAlias = Literal["rest", "not attenuation-corrected"]


@dataclass(frozen=True, eq=False)
class Screen:
    """One screen as a viewer shows it.

    `pixels` is `(height, width, 3)` uint8 RGB, contiguous and read-only; `sha256` is that of the file's
    bytes, or of the pixels where there was no file; `says` is what a DICOM object says of its acquisition;
    `frame` is the one that the caller named, from 1, and None where none was; `jpeg` holds
    the file's bytes where `pixels` are at half its size, rounded up, and nothing elsewhere.
    """

    pixels: Pixels
    sha256: str
    kind: Kind
    says: tuple[Said, ...] = ()
    frame: int | None = None
    jpeg: bytes = b""

    @property
    def halved(self) -> bool:
        """Whether `pixels` are at half the screen's size."""
        return bool(self.jpeg)

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise ValueError(f"pixels are {pixels.shape} {pixels.dtype}; wanted (height, width, 3) uint8")
        if not pixels.flags.c_contiguous:
            raise ValueError("pixels are not contiguous")
        pixels.setflags(write=False)


def screen_from_pixels(pixels: Pixels, kind: Kind, says: tuple[Said, ...] = (), frame: int | None = None) -> Screen:
    """Name a `(height, width, 3)` uint8 RGB screen that has no file by the hash of its pixels."""
    pixels = np.ascontiguousarray(pixels)
    return Screen(pixels, hashlib.sha256(pixels.reshape(-1).data).hexdigest(), kind, says, frame)
