"""What a DICOM object says of the acquisition: a rest study, or one without attenuation correction.

Only these two words leave this file; the description that they were found in may hold a patient's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgecad.images.screen import Said

if TYPE_CHECKING:
    from pydicom import Dataset

TAGS = ("SeriesDescription", "ProtocolName", "ImageType")
"""The one that is nearest to the image first."""
_REST, _STRESS = re.compile(r"\b(rest|redistribution)\b"), re.compile(r"\b(stress|str|exercise)\b")
_PLAIN = re.compile(r"\b(nac|no ?ac|non ?ac|uncorrected|(non|not|without) ?(attenuation )?(ac|corr\w*))\b")


def said_of(dataset: Dataset) -> tuple[Said, ...]:
    """What the object says of itself that a stress map with attenuation correction would not.

    A description with both words, such as `Stress/Rest`, is of the study and says nothing of the image: the first that
    has one of them alone decides.
    """
    found: list[Said] = []
    texts = [_words(dataset.get(name)) for name in TAGS]
    telling = [text for text in texts if bool(_REST.search(text)) != bool(_STRESS.search(text))]
    if telling and _REST.search(telling[0]):
        found.append("rest")
    if any(_PLAIN.search(text) for text in texts):
        found.append("not attenuation-corrected")
    return tuple(found)


def _words(value: object) -> str:
    """A description in lower case, with everything between its words turned into one blank."""
    parts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
    return re.sub(r"[^a-z0-9]+", " ", " ".join(str(part) for part in parts if part is not None).lower())
