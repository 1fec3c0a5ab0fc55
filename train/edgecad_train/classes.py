"""The two classes, in the order of the outputs: label 0 is CAD, as in the paper."""

from __future__ import annotations

CLASSES = ("CAD", "nonCAD")
POSITIVE = CLASSES[0]
