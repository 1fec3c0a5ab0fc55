"""Masks of defects as PNG files: white on black, square, and the square's inscribed circle is the polar map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import InputRefused, UsageError
from edgecad.images import PassedOver, passed, read_screen
from edgecad.polarmap import disc_mask
from edgecad_train.data.truth.defect import DefectTruth

if TYPE_CHECKING:
    from edgecad_train.data.labelled import Case

WANTED = "wanted: a square PNG, white on black, whose inscribed circle is the polar map"
LEAST_SIDE = 16
BETWEEN = 0.1
"""Largest share of the disc that is neither black nor white: edges may be soft, and a screen is no mask."""


def truth_of_mask(path: Path, where: str = "") -> DefectTruth:
    """Read a mask; what is brighter than half of its brightest pixel is defect.

    Args:
        where: the line of a CSV that names it, for messages.

    Raises:
        UsageError: it cannot be read, is no square, has colours, is no mask but a picture, or tells no place on the
            disc: all of it is white, or nothing of it but the square's corners.
    """
    told = f"{where}: the mask {path}" if where else f"the mask {path}"
    try:
        screen = read_screen(path)
    except InputRefused as refusal:
        # What else a refusal says is wanted of a scan, and not of a mask.
        seen = str(refusal).partition("; ")[0]
        raise UsageError(f"{told} cannot be used: {seen}; {WANTED}") from refusal
    fault = f"is of the kind {screen.kind}" if screen.kind != "png" else _fault(screen.pixels)
    if fault:
        raise UsageError(f"{told} {fault}; {WANTED}")
    grey = screen.pixels[..., 0]
    white = np.asarray(2 * grey.astype(np.int16) > grey.max())
    of_disc = white[disc_mask(len(white))]
    if of_disc.all() or (white.any() and not of_disc.any()):
        where_white = "all over its disc" if of_disc.any() else "beyond its disc alone"
        raise UsageError(f"{told} is white {where_white}; {WANTED}, and whose white is the defect")
    return DefectTruth.of_mask(white)


def _fault(pixels: NDArray[np.uint8]) -> str:
    """What is wrong with a mask `(height, width, 3)`; nothing if nothing is."""
    height, width = pixels.shape[:2]
    if height != width or height < LEAST_SIDE:
        return f"has {width}x{height} pixels"
    if np.ptp(pixels, axis=2).any():
        return "has colours"
    of_disc = pixels[..., 0][disc_mask(height)].astype(np.float64)
    share = float(np.mean((of_disc > 0.1 * of_disc.max()) & (of_disc < 0.9 * of_disc.max())))
    return f"has {share:.0%} of its disc between black and white" if share > BETWEEN else ""


def with_masks(cases: Sequence[Case], masks: Path, keys: Sequence[str]) -> tuple[tuple[Case, ...], list[PassedOver]]:
    """The cases with the masks of a folder that have their names, and the masks that no case has the name of.

    For a scan `p12/a` of the class CAD: `CAD/p12/a.png`, or else `p12/a.png`, or else `a.png`.

    Args:
        keys: path of each case in its class folder, or as its CSV has it, without the ending.

    Raises:
        UsageError: no such folder, no mask has the name of a scan, one has the names of two, or a scan has one already.
    """
    if not masks.is_dir():
        raise UsageError(f"no folder of masks at {masks}; --masks wants one, with a PNG of the name of each scan")
    used: dict[Path, Case] = {}
    told = tuple(_with_mask(case, masks, key, used) for case, key in zip(cases, keys, strict=True))
    if not used:
        name = Path(keys[0]).name if keys else "scan"
        raise UsageError(f"no mask in {masks} has the name of a scan; wanted: {name}.png for {cases[0].path.name}")
    return told, list(_unused(masks, used))


def _with_mask(case: Case, masks: Path, key: str, used: dict[Path, Case]) -> Case:
    found = next((path for path in _places(case, masks, key) if path.is_file()), None)
    if found is None:
        return case
    if case.defect is not None and case.defect.kind == "mask":
        raise UsageError(f"{case.where or case.path} has a mask already, and {found} is another; leave out --masks")
    if found in used:
        raise UsageError(
            f"the mask {found} has the names of two scans, {used[found].path} and {case.path}; put the masks into "
            "folders as the scans are in, or name them in a CSV's column mask"
        )
    used[found] = case
    return replace(case, defect=truth_of_mask(found).with_deficit(case.defect.deficit if case.defect else None))


def _places(case: Case, masks: Path, key: str) -> Iterator[Path]:
    """Where a case's mask may lie."""
    for folder, name in ((masks / case.label, key), (masks, key), (masks, Path(key).name)):
        if not Path(name).is_absolute():
            yield folder / f"{name}.png"


def _unused(masks: Path, used: dict[Path, Case]) -> Iterator[PassedOver]:
    for path in sorted(masks.rglob("*.png")):
        if path not in used:
            yield passed(path, "beside", "a mask without a scan of its name; it is not used")
