"""One scan to its record and its picture; whatever goes wrong with it becomes a record too."""

from __future__ import annotations

import hashlib
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad import __version__
from edgecad.answer.prediction import stamp_of
from edgecad.answer.records import Provenance, Record, record_of_answer, record_of_failure
from edgecad.clinical.sources import NOTHING_GIVEN, ClinicalGiven
from edgecad.errors import DeviceFailed, EdgecadError
from edgecad.images import Screen, bytes_from_path
from edgecad.images.limits import MAX_BYTES
from edgecad.images.source import Source
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import NOBODY, Identified, Identify
from edgecad.picture.figure import answer_figure, refusal_figure
from edgecad.picture.line import line_of
from edgecad.preparing import read_for
from edgecad.runners.devices import parse_device
from edgecad.system.folders import write_whole
from edgecad.system.memory import NO_MEMORY, lacks_memory

FindClinical = Callable[[Any, str | None], ClinicalGiven]
"""Given what was read of a scan and its id: its clinical values."""


@dataclass(frozen=True)
class ScanOutcome:
    """What became of one scan.

    Attributes:
        record: the answer, the refusal or the failure.
        error: what stood against an answer; None where there is one.
        figure: `(900, 1600, 3)` uint8 RGB, if one was asked for.
        name: for the picture's file: by the scan's content and all that may change its answer. Empty where
            nothing could be read.
    """

    record: Record
    error: Exception | None
    figure: NDArray[np.uint8] | None
    name: str

    @property
    def exit_code(self) -> int:
        """As `edgecad.errors` has it."""
        if self.error is None:
            return 0
        return self.error.exit_code if isinstance(self.error, EdgecadError) else 1


def answer(
    classifier: Classifier,
    source: Source,
    scan: str,
    *,
    draw: bool,
    identity: str | None = None,
    force: bool = False,
    frame: int | None = None,
    whose: Identified | Identify | None = None,
    clinical: ClinicalGiven | FindClinical = NOTHING_GIVEN,
) -> ScanOutcome:
    """Answer or refuse one scan. Raises nothing: an error is in what is returned.

    Args:
        source: as `Classifier` takes it.
        scan: what the caller calls it, for the record.
        draw: whether a picture is wanted.
        identity: printed on the picture and in the record.
        force, frame: as `Classifier` takes them.
        whose: the same with more, or what finds it; in place of `identity`.
        clinical: its clinical values, or what finds them.
    """
    name, given, screen, found = "", None, None, whose if isinstance(whose, Identified) else Identified(identity)
    try:
        begun = time.perf_counter()
        given = bytes_from_path(source) if isinstance(source, (str, os.PathLike)) else source
        found = whose(given) if callable(whose) else found
        screen = read_for(classifier.preparation, given, frame)
        decode = 1000 * (time.perf_counter() - begun)
        values = clinical(given, found.identity) if callable(clinical) else clinical
        name = name_of(screen.sha256, classifier, found.identity, force=force, frame=frame, clinical=values)
        prediction = classifier(screen, force=force, clinical=values.demanded() or None)
        prediction.milliseconds["decode"] = decode
        record = found.told_in(record_of_answer(scan, prediction, classifier.contract))
        contract = classifier.contract
        figure = answer_figure(prediction, contract, line_of(record, contract.name)) if draw else None
    except Exception as error:
        if lacks_memory(error):
            error = DeviceFailed(NO_MEMORY)
        if os.environ.get("EDGECAD_DEBUG") and not isinstance(error, EdgecadError):
            traceback.print_exception(error)
        found = whose(None) if callable(whose) and given is None else found
        read = _hash_of(given, screen)
        return refusal(classifier, error, scan, draw=draw, whose=found, name=name, frame=frame, scan_sha256=read)
    return ScanOutcome(record, None, figure, name)


def _hash_of(given: object, screen: Screen | None) -> str | None:
    """The hash of what could be read of a scan: its screen's, or that of a file's bytes if they are whole."""
    if screen is not None:
        return screen.sha256
    # Of standard input no more is read than shows that it is too large. A file without bytes is never read.
    if isinstance(given, bytes) and 0 < len(given) <= MAX_BYTES:
        return hashlib.sha256(given).hexdigest()
    return None


def refusal(
    classifier: Classifier,
    error: Exception,
    scan: str,
    *,
    draw: bool,
    whose: Identified = NOBODY,
    name: str = "",
    frame: int | None = None,
    scan_sha256: str | None = None,
) -> ScanOutcome:
    """What became of a scan that `error` kept from its answer.

    Args:
        name: as `ScanOutcome` has it.
        scan_sha256: of what could be read of the scan.
        classifier, scan, draw, whose, frame: as for `answer`.
    """
    provenance = provenance_of(classifier)
    record = whose.told_in(record_of_failure(scan, error, provenance, None, frame, scan_sha256))
    figure = refusal_figure(record, line_of(record, classifier.contract.name)) if draw else None
    return ScanOutcome(record, error, figure, name)


def name_of(
    scan_sha256: str,
    classifier: Classifier,
    identity: str | None = None,
    *,
    force: bool = False,
    frame: int | None = None,
    clinical: ClinicalGiven = NOTHING_GIVEN,
) -> str:
    """Name of a scan's files: by its content, and by all that may change its answer or what stands on its picture."""
    what = f"{__version__} {classifier.model_sha256} {classifier.threshold!r} {identity!r}{' forced' if force else ''}"
    what += "" if frame is None else f" frame {frame}"
    named = [table.sha256 for table in classifier.candidates.user]
    what += f" tables {named}" if named else ""
    what += "" if classifier.preparation.map is None else f" map {classifier.preparation.map}"
    what += "" if classifier.site is None else f" site {classifier.site.sha256}"
    what += f" clinical {clinical.digest}" if clinical.digest else ""
    # Otherwise the model's file tells the precision, and devices agree within rounding.
    computed, device = classifier.facts.precision, parse_device(classifier.facts.device)
    what += f" {computed} of {device.kind}" if computed in device.device.executes else ""
    return f"{scan_sha256[:16]}-{hashlib.sha256(what.encode()).hexdigest()[:6]}"


def provenance_of(classifier: Classifier) -> Provenance:
    """What stands in every record of this classifier."""
    facts = classifier.facts
    return Provenance(
        stamp_of(classifier.contract.origin),
        classifier.model_sha256,
        classifier.contract_sha256,
        facts.device,
        facts.provider,
        facts.precision,
        None if classifier.site is None else classifier.site.sha256,
        classifier.remarks,
        classifier.chosen,
    )


def write_figure(path: Path, figure: NDArray[np.uint8]) -> None:
    """Write a picture `(h, w, 3)` RGB as PNG, whole or not at all."""
    _, content = cv2.imencode(".png", cv2.cvtColor(figure, cv2.COLOR_RGB2BGR))
    write_whole(path, content.tobytes())
