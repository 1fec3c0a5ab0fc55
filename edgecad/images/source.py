"""From whatever a caller holds to a screen: the door of this room."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.errors import DeviceFailed, InputRefused
from edgecad.images.dicom import reading as dicom
from edgecad.images.frames import check_number, frame_index
from edgecad.images.jpeg import reading as jpeg
from edgecad.images.kinds import HEAD, kind_of, other_kind
from edgecad.images.limits import MAX_BYTES, check_bytes, check_size
from edgecad.images.png import reading as png
from edgecad.images.screen import FileKind, Pixels, Said, Screen, screen_from_pixels
from edgecad.system.reading import READ_ONLY, opened

if TYPE_CHECKING:
    from pydicom import Dataset

Source: TypeAlias = "str | os.PathLike[str] | bytes | npt.NDArray[Any] | Dataset"

_SOME = "a JPEG, PNG or DICOM Secondary Capture of one polar map screen"


def read_screen(source: Source, frame: int | None = None, *, halve_jpeg: bool = False) -> Screen:
    """Read one screen from a path, a file's bytes, an RGB or grey array, or a pydicom dataset.

    An array is `(height, width, 3)` RGB or `(height, width)` grey, uint8; it is copied. What a file is, is
    told by its first bytes, never by its name.

    Args:
        frame: of a DICOM object with several, counted from 1; all else has the frame 1 alone.
        halve_jpeg: decode a JPEG at half its size, which takes a quarter of the time; `whole` undoes it.

    Raises:
        InputRefused: with reason `missing`, `unreadable`, `empty`, `truncated`, `not-an-image`,
            `too-large`, `wrong-kind`, `damaged`, `several-frames` or `no-such-frame`; its message tells
            nothing of the file's name or content.
        UsageError: `frame` is below 1.
        NotAvailable: the source is DICOM and pydicom is not installed.
    """
    check_number(frame)
    if isinstance(source, np.ndarray):
        frame_index(frame, 1)
        return screen_from_pixels(_pixels_from_array(source), "array", frame=frame)
    if is_dataset(source):
        read = dicom.screen_from_dataset(source, frame)
        return screen_from_pixels(read.pixels, "dicom", read.says, frame)
    data = source if isinstance(source, bytes) else bytes_from_path(source)
    check_bytes(len(data))
    kind = _kind(data)
    says: tuple[Said, ...] = ()
    try:
        if kind == "dicom":
            read = dicom.screen_from_dicom(data, frame)
            pixels, says = read.pixels, read.says
        else:
            frame_index(frame, 1)
            pixels = jpeg.rgb_from_jpeg(data, halved=halve_jpeg) if kind == "jpeg" else png.rgb_from_png(data)
    except (OSError, MemoryError) as error:
        raise DeviceFailed(
            "this machine has no memory or descriptor left to read a scan; end other programs, and send it again"
        ) from error
    kept = data if kind == "jpeg" and halve_jpeg else b""
    return Screen(np.ascontiguousarray(pixels), hashlib.sha256(data).hexdigest(), kind, says, frame, kept)


def whole(screen: Screen) -> Screen:
    """A screen at its own size.

    Raises:
        InputRefused: as for `read_screen`.
    """
    return read_screen(screen.jpeg, screen.frame) if screen.halved else screen


def size_of(screen: Screen) -> tuple[int, int]:
    """Width and height of a screen itself, halved or not, pixels."""
    if screen.halved:
        header = jpeg.header_from_jpeg(screen.jpeg)
        return header.width, header.height
    height, width = screen.pixels.shape[:2]
    return width, height


def is_dicom_file(path: Path) -> bool:
    """Whether a file is DICOM by its first bytes; one that cannot be opened is refused when it is read."""
    return kind_of(_head(path)) == "dicom"


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(HEAD)
    except OSError:
        return b""


def _kind(data: bytes) -> FileKind:
    kind = kind_of(data)
    if kind is not None:
        return kind
    if jpeg.MAGIC.startswith(data) or png.MAGIC.startswith(data):
        raise InputRefused("truncated", f"ends within its first bytes; wanted {_SOME}: copy it again")
    other = other_kind(data[:HEAD])
    if other is not None:
        raise InputRefused("not-an-image", f"{other}, whatever its name says; wanted {_SOME}: export the screen as PNG")
    raise InputRefused("not-an-image", f"neither JPEG, PNG nor DICOM, whatever its name says; wanted {_SOME}")


def bytes_from_path(source: object) -> bytes:
    """Read a regular file; a pipe or device is refused before it could block or never end.

    Raises:
        InputRefused: as for `read_screen`, `too-large` before anything is read.
    """
    if not isinstance(source, (str, os.PathLike)):
        raise InputRefused(
            "wrong-kind", f"a value of type {type(source).__name__}; wanted a path, bytes, an array or a DICOM dataset"
        )
    try:
        with opened(source, READ_ONLY, buffering=0) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputRefused(
                    "unreadable",
                    f"no file but a folder, a pipe or a device; wanted {_SOME}, in a file",
                )
            check_bytes(status.st_size)
            return _whole(file.read(MAX_BYTES + 1), status.st_size)
    except FileNotFoundError as error:
        raise InputRefused("missing", f"there is no such file; wanted {_SOME}") from error
    except IsADirectoryError as error:
        raise InputRefused(
            "unreadable",
            f"a folder in place of a scan, or one without scans; wanted a file with {_SOME}",
        ) from error
    except (OSError, ValueError) as error:
        number = getattr(error, "errno", None)
        why = os.strerror(number) if number else "its path is malformed"
        raise InputRefused("unreadable", f"this file cannot be read ({why}); wanted {_SOME}") from error


def _whole(data: bytes, length: int) -> bytes:
    if len(data) < length:
        raise InputRefused("truncated", "the file shrank while it was read; try again once it is written")
    return data


def is_dataset(source: object) -> bool:
    """Whether a source is a pydicom dataset."""
    # Whoever holds a dataset has imported pydicom already; another thread may be about to, and half done.
    kind = getattr(sys.modules.get("pydicom"), "Dataset", None)
    return kind is not None and isinstance(source, kind)


def _pixels_from_array(array: npt.NDArray[Any]) -> Pixels:
    if array.dtype != np.uint8:
        raise InputRefused("wrong-kind", f"an array of {_fault(array)}; wanted uint8, 0 to 255")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise InputRefused(
            "wrong-kind",
            f"an array of shape {array.shape}; wanted (height, width, 3) or (height, width)",
        )
    if not array.size:
        raise InputRefused("empty", f"an array of shape {array.shape}; wanted at least one pixel")
    check_size(array.shape[1], array.shape[0])
    if array.ndim == 2:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(array), cv2.COLOR_GRAY2RGB), np.uint8)
    return np.array(array, order="C", subok=False)


def _fault(array: npt.NDArray[Any]) -> str:
    floating = np.issubdtype(array.dtype, np.floating)
    return f"{array.dtype} with NaN in it" if floating and bool(np.isnan(array).any()) else str(array.dtype)
