"""What a child is asked, a line of JSON and then bytes; and what it says, a line of JSON and then a picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.records import Record
from edgecad.clinical.sources import NOTHING_GIVEN, ClinicalGiven
from edgecad.colourtables import ColourTable
from edgecad.contract import MapPlace, RunPrecision
from edgecad.errors import EdgecadError, InputRefused, errors_of
from edgecad.inference.answering import ScanOutcome
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import NOBODY, Identified
from edgecad.modelfiles.file import parse_run_precision
from edgecad.site import Site, SiteSignature


class Question(msgspec.Struct, frozen=True):
    """What is asked of a scan: arguments of `edgecad.inference.answering.answer`, here as in a child."""

    scan: str
    whose: Identified = NOBODY
    clinical: ClinicalGiven = NOTHING_GIVEN


class Choices(msgspec.Struct, frozen=True):
    """With what a model was opened here, so that a child opens it so, too.

    Attributes:
        name: of the model's file, for errors.
        remarks: on that file, for records.
        chosen: why this device and precision, for records.
        device, precision: that are in use, never `auto`.
        threads: of one run on a CPU; None elsewhere.
        threshold: on the probability that answers show; None where the site chose it.
    """

    name: str
    remarks: tuple[str, ...]
    chosen: str
    device: str
    precision: RunPrecision | None
    threads: int | None
    threshold: float | None
    site: Site | None
    tables: tuple[ColourTable, ...]
    place: MapPlace | None


def choices_of(classifier: Classifier) -> Choices:
    """Those of an open classifier."""
    own = classifier.contract.preparation.map
    place = classifier.preparation.map
    return Choices(
        name=classifier.file.path.name,
        remarks=classifier.file.remarks,
        chosen=classifier.chosen,
        device=classifier.facts.device,
        precision=parse_run_precision(classifier.facts.precision),
        threads=classifier.facts.threads or None,
        threshold=None if classifier.threshold_from == "site" else classifier.threshold,
        site=None if classifier.site is None else _without_key(classifier.site),
        tables=classifier.candidates.user,
        place=None if place == own else place,
    )


def _without_key(site: Site) -> Site:
    """Its other choices: who must have signed the model was checked when it was opened here."""
    return replace(site, choices=msgspec.structs.replace(site.choices, signature=SiteSignature()))


class JudgeOrder(msgspec.Struct, frozen=True):
    """The first line; the model's bytes follow, then the scan's.

    Attributes:
        model, scan: how many bytes they have.
        question: None: the golden samples are to be replayed.
    """

    choices: Choices
    model: int
    scan: int = 0
    question: Question | None = None


class Told(msgspec.Struct, frozen=True):
    """An error in words: its class, and for a refusal its reason."""

    kind: str
    message: str
    reason: str | None = None


class JudgedApart(msgspec.Struct, frozen=True, tag=True):
    """What became of a scan; the picture follows, RGB uint8 of that shape, where there is one."""

    record: Record
    error: Told | None
    shape: tuple[int, int, int] | None


class GoldenHeld(msgspec.Struct, frozen=True, tag=True):
    """The golden samples are answered as at export."""


class NotJudged(msgspec.Struct, frozen=True, tag=True):
    """Why nothing can be judged in a child."""

    error: Told


Said: TypeAlias = JudgedApart | GoldenHeld | NotJudged


def order_line(order: JudgeOrder) -> bytes:
    """An order as a child reads it."""
    return msgspec.json.encode(order, enc_hook=str) + b"\n"


def order_from_line(line: bytes) -> JudgeOrder:
    """An order as it was given."""
    return msgspec.json.decode(line, type=JudgeOrder, dec_hook=_path)


def _path(kind: type, value: Any) -> Any:
    """The one kind that JSON has not: a site's path."""
    return Path(value) if issubclass(kind, Path) else value


def judged_bytes(outcome: ScanOutcome) -> bytes:
    """An outcome as a child says it."""
    figure = outcome.figure
    error = None if outcome.error is None else told(outcome.error)
    line = msgspec.json.encode(JudgedApart(outcome.record, error, None if figure is None else figure.shape))
    return line + b"\n" + (b"" if figure is None else np.ascontiguousarray(figure).tobytes())


def outcome_of(said: JudgedApart, picture: bytes) -> ScanOutcome | None:
    """The outcome again; None where the picture did not come whole."""
    figure: NDArray[np.uint8] | None = None
    if said.shape is not None:
        if len(picture) != int(np.prod(said.shape)):
            return None
        figure = np.frombuffer(picture, np.uint8).reshape(said.shape).copy()
    return ScanOutcome(said.record, None if said.error is None else error_of(said.error), figure, "")


def told(error: Exception) -> Told:
    """An error in words."""
    reason = error.reason if isinstance(error, InputRefused) else None
    return Told(type(error).__name__, str(error) if isinstance(error, EdgecadError) else "", reason)


def error_of(told: Told) -> Exception:
    """The error again; one that is not ours is no more than its name."""
    if told.reason is not None:
        return InputRefused(told.reason, told.message)
    kinds = {kind.__name__: kind for kind in errors_of() if kind is not InputRefused}
    kind = kinds.get(told.kind)
    return RuntimeError(told.kind) if kind is None else kind(told.message)
