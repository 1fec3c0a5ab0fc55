"""What a DICOM object says about its pixels, held against what a screen is (PS3.3 C.7.6.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecad.errors import InputRefused
from edgecad.images.dicom.beginning import EXPLICIT, IMPLICIT
from edgecad.images.dicom.palette import TAGS as PALETTE_TAGS
from edgecad.images.dicom.palette import PaletteTable, palette_of
from edgecad.images.frames import frame_index
from edgecad.images.limits import check_size
from edgecad.images.refusals import damaged, wrong_kind

if TYPE_CHECKING:
    from pydicom import Dataset

RLE = "1.2.840.10008.1.2.5"
JPEG = frozenset({"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"})
JPEG_LOSSLESS = frozenset({"1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"})
JPEG_2000_LOSSY = "1.2.840.10008.1.2.4.91"
JPEG_2000 = frozenset({"1.2.840.10008.1.2.4.90", JPEG_2000_LOSSY})
PLAIN = frozenset({IMPLICIT, EXPLICIT})
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_SCREENS = frozenset(_SECONDARY_CAPTURE + end for end in ("", ".1", ".2", ".4"))
_SAMPLES = {
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_RCT": 3,
    "YBR_ICT": 3,
    "PALETTE COLOR": 1,
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
}
_OF_JPEG_2000 = ("YBR_RCT", "YBR_ICT")
_GREY_ONLY = ("ModalityLUTSequence", "VOILUTSequence", "RescaleSlope", "RescaleIntercept")
"""What makes stored values other ones before they are shown: of grey pixels alone. Colours have neither a modality nor
a VOI transformation: PS3.4 N.2 has both in the grey-scale pipeline, and PS3.3 C.11.2.1.2 gives a window a meaning for
MONOCHROME1 and MONOCHROME2 only. What a converter left of them on a colour screen changes nothing."""
_CHANGES_WHAT_IS_SHOWN = ("PresentationLUTShape", "PresentationLUTSequence", "PixelAspectRatio")
_SHARED, _PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
_GROUPS_THAT_CHANGE_IT = ("PixelValueTransformationSequence", "FrameVOILUTSequence")
_AS_STORED = {"PresentationLUTShape": "IDENTITY", "RescaleSlope": 1.0, "RescaleIntercept": 0.0}

TAGS = (
    "SOPClassUID",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "WindowCenter",
    "WindowWidth",
    *_GREY_ONLY,
    *_CHANGES_WHAT_IS_SHOWN,
    _SHARED,
    _PER_FRAME,
    *PALETTE_TAGS,
)


@dataclass(frozen=True)
class Frame:
    """One 8-bit frame: size in pixels, samples a pixel, how they are coded, and which of `count` it is, from 0."""

    width: int
    height: int
    samples: int
    photometric: str
    planar: bool
    syntax: str
    palette: PaletteTable | None
    index: int = 0
    count: int = 1


def check_syntax(syntax: str, uid: Callable[[str], Any]) -> None:
    """Hold a transfer syntax against those that are read.

    Raises:
        InputRefused: `wrong-kind`.
    """
    if syntax not in PLAIN | JPEG | JPEG_LOSSLESS | JPEG_2000 | {RLE}:
        raise InputRefused(
            "wrong-kind",
            f"DICOM coded as {_name(syntax, uid)}; wanted uncompressed little endian, RLE, JPEG Baseline, JPEG "
            "Lossless or JPEG 2000: export the screen again without compression",
        )


def check_screen(dataset: Dataset, uid: Callable[[str], Any]) -> None:
    """Hold the kind of a DICOM object against those that carry a screen.

    Raises:
        InputRefused: `wrong-kind`.
    """
    sop_class = str(dataset.get("SOPClassUID", ""))
    if sop_class not in _SCREENS:
        raise InputRefused(
            "wrong-kind",
            f"DICOM of the kind {_name(sop_class, uid)} (raw data or a report, not a screen); wanted a "
            "polar map screen as Secondary Capture: save the screen on the reading station and send that",
        )


def frame_from_dataset(dataset: Dataset, syntax: str, chosen: int | None = None) -> Frame:
    """Read the attributes of the one frame that a screen is: the `chosen` one, from 1, or the only one.

    Raises:
        InputRefused: `wrong-kind`, `too-large`, `several-frames` or `no-such-frame`; other exceptions where
            attributes are malformed.
    """
    width, height = int(dataset.Columns), int(dataset.Rows)
    check_size(width, height)
    count = _frames(dataset)
    index = frame_index(chosen, count)
    _check_depth(dataset)
    photometric = str(dataset.PhotometricInterpretation)
    samples = int(dataset.SamplesPerPixel)
    if _SAMPLES.get(photometric) != samples:
        raise _not_a_screen("colours that are not read", f"one of {', '.join(_SAMPLES)}, with its samples")
    if photometric in _OF_JPEG_2000 and syntax not in JPEG_2000:
        raise _not_a_screen(f"colours of JPEG 2000 ({photometric}) in another coding", "RGB")
    _check_shown_as_stored(dataset, photometric)
    for group in _groups(dataset, index, count):
        _check_shown_as_stored(group, photometric)
    planar = samples == 3 and int(dataset.get("PlanarConfiguration") or 0) == 1
    palette = palette_of(dataset) if photometric == "PALETTE COLOR" else None
    return Frame(width, height, samples, photometric, planar, syntax, palette, index, count)


def _name(value: str, uid: Callable[[str], Any]) -> str:
    """Name from the standard's dictionary; never the value itself, which a file may choose freely."""
    name = str(uid(value).name) if value else ""
    return name if name and name != value else "unknown"


def _frames(dataset: Dataset) -> int:
    count = int(dataset.get("NumberOfFrames") or 1)
    if count < 1:
        raise damaged(f"declares {count} frames", "at least one")
    return count


def _groups(dataset: Dataset, index: int, count: int) -> list[Dataset]:
    """What may change a frame when it is shown, said of all frames or of this one (PS3.3 C.7.6.16)."""
    own = list(dataset.get(_PER_FRAME) or ())
    if own and len(own) != count:
        raise damaged(f"tells of {len(own)} frames and declares {count}")
    groups = [*(dataset.get(_SHARED) or ()), *own[index : index + 1]]
    return [item for group in groups for name in _GROUPS_THAT_CHANGE_IT for item in group.get(name) or ()]


def _check_depth(dataset: Dataset) -> None:
    allocated, stored = int(dataset.BitsAllocated), int(dataset.BitsStored)
    signed = int(dataset.get("PixelRepresentation") or 0)
    if (allocated, stored, signed) != (8, 8, 0):
        raise _not_a_screen(f"{allocated} bits allocated, {stored} stored, signed {signed}", "8, 8, 0")


def _check_shown_as_stored(dataset: Dataset, photometric: str) -> None:
    """Refuse what a viewer applies to the stored pixels: it would show another picture than the one read here."""
    grey = photometric.startswith("MONOCHROME")
    for name in (*_CHANGES_WHAT_IS_SHOWN, *(_GREY_ONLY if grey else ())):
        value = dataset.get(name)
        if value is None or value == "" or value == _AS_STORED.get(name):
            continue
        if name == "PixelAspectRatio" and len(value) == 2 and int(value[0]) == int(value[1]):
            continue
        raise _not_a_screen(f"{name}, which changes what is shown", "a screen stored as shown")
    if int(dataset.get("PlanarConfiguration") or 0) not in (0, 1):
        raise _not_a_screen("a planar configuration that does not exist", "0 or 1")
    if not grey or dataset.get("WindowWidth") is None:
        return
    centre, width = (np.ravel(dataset[name].value)[0] for name in ("WindowCenter", "WindowWidth"))
    if abs(float(centre) - 128) > 1 or abs(float(width) - 256) > 1:
        raise _not_a_screen("a grey-scale window that changes what is shown", "a screen stored as shown")


def _not_a_screen(seen: str, wanted: str) -> InputRefused:
    return wrong_kind(f"DICOM with {seen}", wanted, "export it as Secondary Capture")
