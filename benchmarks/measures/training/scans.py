"""Pictures to train on: smooth random colours, in one colour table, one class darker above."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

CLASSES = ("CAD", "nonCAD")


@dataclass(frozen=True)
class PartSizes:
    """Patients of each part, one scan each."""

    train: int
    held: int
    test: int

    @property
    def scans(self) -> int:
        """All of them."""
        return self.train + self.held + self.test


def parts_of(scans: int, test: int) -> PartSizes:
    """A fifth chooses; `test` are tested."""
    return PartSizes(scans - scans // 5 - test, scans // 5, test)


def pictures(count: int, size: int) -> Iterator[NDArray[np.uint8]]:
    """Smooth random pictures `(size, size, 3)` uint8 in one colour table; every second one is darker above."""
    rng = np.random.default_rng(0)
    for number in range(count):
        coarse = rng.uniform(0, 255, (6, 6)).astype(np.float32)
        scalar = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
        scalar[: size // 2] //= 1 + number % 2
        yield cv2.applyColorMap(scalar, cv2.COLORMAP_HOT)


def labels_of(count: int) -> NDArray[np.int64]:
    """Class index of each picture, `(count,)`."""
    return (np.arange(count) % 2).astype(np.int64)


def size_of(backbone: str) -> int:
    """Side of a network's input, pixels."""
    from edgecad_train.networks.backbones import backbone_named

    return backbone_named(backbone).size


def write_data(folder: Path, parts: PartSizes, size: int) -> None:
    """Class folders of JPEG files, and the split that says who is in which part."""
    names = [f"scan{number:06d}" for number in range(parts.scans)]
    for name in CLASSES:
        (folder / "data" / name).mkdir(parents=True)
    for number, picture in enumerate(pictures(parts.scans, size)):
        cv2.imwrite(str(folder / "data" / CLASSES[number % 2] / f"{names[number]}.jpg"), picture)
    learn, choose = names[: parts.train], names[parts.train : parts.train + parts.held]
    split = {"kind": "split", "seed": 0, "train": learn, "validation": choose, "test": names[-parts.test :]}
    (folder / "split.json").write_text(json.dumps(split))
