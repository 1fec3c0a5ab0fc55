"""The same map under two patients, although the files differ: saved again, enlarged, or with other text beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Crop
from edgecad.polarmap import disc_mask
from edgecad_train.data.labelled import Case

SIDE = 32
"""Side of the thumbnails that are compared, pixels."""
MIN_SIMILARITY = 0.985
"""Among 1.1 million pairs of distinct phantoms the largest similarity was 0.954; among 125,000 as uptake 0.942. One and
the same, saved again as JPEG of quality 30, or at half to 1.3 times the size, had 0.997 and more; as uptake 0.998, in
another colour table as well, and 0.994 in one of 20 steps."""


@dataclass(frozen=True)
class NearDuplicate:
    """Two scans of two patients that show one picture, as far as can be told; similarity -1 to 1."""

    first: Case
    second: Case
    similarity: float

    def __str__(self) -> str:
        labels = "one image under two labels: " if self.first.label != self.second.label else ""
        return (
            f"{labels}{self.first.path.name} ({self.first.label}) and {self.second.path.name} ({self.second.label}) "
            f"look the same (correlation {self.similarity:.3f})"
        )


def near_duplicates(
    images: NDArray[np.uint8],
    cases: Sequence[Case],
    crop: Crop = "polar-map",
    min_similarity: float = MIN_SIMILARITY,
    block: int = 1024,
) -> tuple[NearDuplicate, ...]:
    """Find pairs of scans of different patients that look the same, most alike first.

    Similarity is the correlation of grey thumbnails from which the mean of all was taken: what every map has in
    common says nothing. So it needs some ten scans, of which most are different. All pairs are compared, in blocks.

    Args:
        images: `(n, size, size, 3)` uint8 RGB, prepared by the rule `crop`.
        cases: `n` of them, in the same order.
    """
    if len(cases) < 2:
        return ()
    # The rim is half ground and moves by parts of a pixel from copy to copy; the corners are black on every map.
    mask = disc_mask(SIDE, shrink=1.0) if crop == "polar-map" else np.ones((SIDE, SIDE), np.bool_)
    directions = _directions(images, mask)
    found = [
        NearDuplicate(cases[one], cases[other], similarity)
        for one, other, similarity in _similar(directions, min_similarity, block)
        if cases[one].patient != cases[other].patient
    ]
    return tuple(sorted(found, key=lambda pair: -pair.similarity))


def across_parts(pairs: Sequence[NearDuplicate], part_of: Mapping[str, str]) -> tuple[NearDuplicate, ...]:
    """Those whose patients lie in different parts: learnt from in one and judged by in the other.

    Args:
        part_of: part of each patient; patients that it lacks are in no part.
    """

    def parted(pair: NearDuplicate) -> bool:
        first, second = part_of.get(pair.first.patient), part_of.get(pair.second.patient)
        return first is not None and second is not None and first != second

    return tuple(pair for pair in pairs if parted(pair))


def _directions(images: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Each image as a vector of length one over `mask`, `(n, pixels)`; two of them multiply to their correlation."""
    thumbnails = np.stack([_thumbnail(image)[mask] for image in images])
    thumbnails -= thumbnails.mean(axis=0)
    thumbnails -= thumbnails.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(thumbnails, axis=1, keepdims=True)
    return np.asarray(thumbnails / np.maximum(lengths, 1e-6), np.float32)


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _similar(directions: NDArray[np.float32], min_similarity: float, block: int) -> Iterator[tuple[int, int, float]]:
    """Pairs of rows, the first before the second, whose scalar product reaches `min_similarity`."""
    for top in range(0, len(directions), block):
        products = directions[top : top + block] @ directions[top:].T
        for row, column in zip(*np.nonzero(products >= min_similarity), strict=True):
            if column > row:
                yield top + int(row), top + int(column), float(products[row, column])
