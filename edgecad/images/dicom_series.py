"""What a DICOM object says of the acquisition: a rest study, or one without attenuation correction.

Only these two words leave this file; the description that they were found in may hold a patient's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgecad.images.screen import Said

if TYPE_CHECKING:
    from pydicom import Dataset

TAGS = ("SeriesDescription", "ProtocolName", "ImageType")
_REST, _STRESS = re.compile(r"\b(rest|redistribution)\b"), re.compile(r"\b(stress|str|exercise)\b")
_PLAIN = re.compile(r"\b(nac|no ?ac|non ?ac|uncorrected|(non|not|without) ?(attenuation )?(ac|corr\w*))\b")


def said_of(dataset: Dataset) -> tuple[Said, ...]:
    """What the object says of itself that a stress map with attenuation correction would not.

    A description with both words, such as `Stress/Rest`, is of the study and says nothing of the image.
    """
    found: list[Said] = []
    text = _words(dataset)
    if _REST.search(text) and not _STRESS.search(text):
        found.append("rest")
    if _PLAIN.search(text):
        found.append("not attenuation-corrected")
    return tuple(found)


def _words(dataset: Dataset) -> str:
    """All of the descriptions in lower case, with everything between their words turned into one blank."""
    parts = []
    for name in TAGS:
        value = dataset.get(name)
        parts += [str(value)] if isinstance(value, str) else [str(entry) for entry in value or ()]
    return re.sub(r"[^a-z0-9]+", " ", " ".join(parts).lower())
