"""What a DICOM object says of the acquisition: a rest study, or one without attenuation correction.

Only these two words leave this file; the description that they were found in may hold a patient's name.

    words       the table: every word, by what it says and in which language
    tokens      a description cut into words
    meanings    what the words of one description say together
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from edgecad.images.dicom.meanings import Meaning, meanings_of
from edgecad.images.screen import Said

if TYPE_CHECKING:
    from pydicom import Dataset

_OF_IMAGE = ("SeriesDescription", "ImageComments", "ProtocolName", "ImageType")
_OF_STUDY = ("PerformedProcedureStepDescription", "StudyDescription")
TAGS = (*_OF_IMAGE, *_OF_STUDY)
"""The one that is nearest to the image first."""
_PROSE = "ImageComments"
_LABEL = 5
"""Words of a comment that is taken for a label; a longer one is a sentence of the patient or of the examination."""


def said_of(dataset: Dataset) -> tuple[Said, ...]:
    """What the object says of itself that a stress map with attenuation correction would not.

    The first description that says rest alone or stress alone decides. One with both, such as `Stress/Rest`, is of
    the study and says nothing of the image. Attenuation correction is told by what names the image, not by what names
    the study; the first that says either decides.
    """
    told = {name: meanings_of(_text(dataset.get(name))) for name in TAGS}
    if len(told[_PROSE]) > _LABEL:
        told[_PROSE] = ()
    found: list[Said] = []
    if _says_rest(told):
        found.append("rest")
    if _says_uncorrected(told):
        found.append("not attenuation-corrected")
    return tuple(found)


def _says_rest(told: dict[str, tuple[Meaning, ...]]) -> bool:
    for name, meanings in told.items():
        # A study's name is prose, where "late" may be anything.
        rest = "rest" in meanings or ("late" in meanings and name in _OF_IMAGE)
        if rest != ("stress" in meanings):
            return rest
    return False


def _says_uncorrected(told: dict[str, tuple[Meaning, ...]]) -> bool:
    for name in _OF_IMAGE:
        if "uncorrected" in told[name] or "uncorrected for all" in told[name]:
            return True
        if "corrected" in told[name]:
            return False
    return False


def _text(value: object) -> str:
    parts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else value
    return " ".join(str(part) for part in parts if part is not None)
