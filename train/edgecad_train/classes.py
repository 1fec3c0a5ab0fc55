"""The two classes, in the order of the outputs: label 0 is CAD, as in the paper."""

from __future__ import annotations

from typing import Literal

CLASSES = ("CAD", "nonCAD")
POSITIVE = CLASSES[0]
LabelRule = Literal["deficit", "LAD", "RCA", "LCx"]
"""What a phantom's label says: that a reader called it CAD, whose chance rises with the true deficit; or that an
artery's territory is hit."""
