"""What a file is, by its first bytes: one of the three kinds that are read, or which other one, in words."""

from __future__ import annotations

import re
from typing import Final

from edgecad.images.dicom.beginning import HEAD_BYTES, beginning_of
from edgecad.images.jpeg import reading as jpeg
from edgecad.images.png import reading as png
from edgecad.images.screen import FileKind

HEAD: Final = HEAD_BYTES
"""Bytes of a file that suffice to tell its kind."""

_OTHERS: Final = (
    (re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL), "a BMP picture"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "a TIFF picture"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "a WebP picture"),
    (re.compile(rb"GIF8[79]a"), "a GIF picture"),
    (re.compile(rb".{4}ftyp(?:hei|hev|mif|msf)", re.DOTALL), "a HEIC picture"),
    (re.compile(rb".{4}ftypavi[fs]", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "a JPEG 2000 picture"),
    (re.compile(rb"\0\0\0\x0cJXL |\xff\x0a"), "a JPEG XL picture"),
    (re.compile(rb"8BPS\0"), "a Photoshop picture"),
    (re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<svg\b"), "an SVG drawing"),
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive or an office document"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!"), "an archive"),
    (re.compile(rb".{4}ftyp|.{4}moov|\x1aE\xdf\xa3|RIFF.{4}AVI ", re.DOTALL), "a film"),
)
"""First bytes of what people take for screens, the first that fits."""


def kind_of(data: bytes) -> FileKind | None:
    """The kind of a file that is read here; its first `HEAD` bytes suffice."""
    if data.startswith(jpeg.MAGIC):
        return "jpeg"
    if data.startswith(png.MAGIC):
        return "png"
    return "dicom" if beginning_of(data) is not None else None


def other_kind(data: bytes) -> str | None:
    """In words, what a file is that is not read here; None where that cannot be told."""
    return next((words for pattern, words in _OTHERS if pattern.match(data)), None)
