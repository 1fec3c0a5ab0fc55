"""Hold files of a model against a reference, on the same scans."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecad.answer.heatmap import shade_of
from edgecad.answer.prediction import Prediction
from edgecad.contract import Contract, Preparation
from edgecad.errors import DeviceFailed, InputRefused, NotAvailable, UsageError
from edgecad.golden import golden_samples
from edgecad.images.source import Source
from edgecad.inference.classifier import Classifier
from edgecad.verification.comparison import AnswerDistance, ModelAnswers, common_grid, compare

NEIGHBOURHOOD = 0.01
"""Distance to the threshold within which a flip is rounding, where a contract records none."""

OWN_WAY = ("size", "input", "tables", "drawing", "halve_jpeg")
"""Of the preparation: how a model looks at the picture that it is asked about, which is its own affair."""

Progress = Callable[[str, int, int], None]
"""Told whose answers are being collected, how many there are, and of how many."""


@dataclass(frozen=True)
class Scan:
    """What models are compared on: a source that a caller named, or a golden screen."""

    name: str
    source: Source
    golden: bool = False


@dataclass(frozen=True)
class Unanswered:
    """A scan that one of the models refused, so that it was compared on none; `by` says which one."""

    scan: str
    by: str
    reason: str
    message: str


@dataclass(frozen=True)
class OpenedFile:
    """A file of a model, open on a device."""

    file: str
    backbone: str
    precision: str
    device: str
    provider: str
    sha256: str


@dataclass(frozen=True)
class FileAnswers:
    """What one file said of scans: of those that it answered, in their order, and of those that it refused."""

    model: OpenedFile
    contract: Contract
    threshold: float
    names: tuple[str, ...]
    answers: tuple[ModelAnswers, ...]
    refused: tuple[Unanswered, ...]

    def of(self, names: Iterable[str]) -> ModelAnswers:
        """The answers to some of the scans."""
        chosen = set(names)
        picked = [answer for name, answer in zip(self.names, self.answers, strict=True) if name in chosen]
        logits, scores, maps = (
            np.concatenate([getattr(answer, part) for answer in picked]) for part in ("logits", "scores", "maps")
        )
        return ModelAnswers(logits, scores, maps)


@dataclass(frozen=True)
class FileComparison:
    """One file against the reference.

    Attributes:
        neighbourhood: distance to the threshold within which a flip is rounding, from the file's contract.
        grid: rows and columns on which heat maps were compared; None if no scan was answered by all.
        figures: None likewise.
    """

    model: OpenedFile
    neighbourhood: float
    grid: tuple[int, int] | None
    figures: AnswerDistance | None


@dataclass(frozen=True)
class Compared:
    """Files against a reference, on the scans that all of them answered."""

    reference: OpenedFile
    scans: int
    golden: bool
    unanswered: tuple[Unanswered, ...]
    rows: tuple[FileComparison, ...]


def golden_scans() -> tuple[Scan, ...]:
    """The golden screens, for comparisons without scans of one's own."""
    return tuple(Scan(name, content, golden=True) for name, content in golden_samples().items())


def check_comparable(one: Contract, other: Contract) -> None:
    """Two models can be compared if they answer one question about one picture; input sizes may differ.

    Raises:
        UsageError: they cannot.
    """
    pairs = [("classes", one.classes, other.classes), ("the positive class", one.positive, other.positive)]
    fields = (name for name in Preparation.__struct_fields__ if name not in OWN_WAY)
    pairs += [(name, getattr(one.preparation, name), getattr(other.preparation, name)) for name in fields]
    for what, left, right in pairs:
        if left != right:
            raise UsageError(
                f"{one.name} and {other.name} differ in {what} ({left} and {right}), so their answers cannot be "
                "compared; name a model of the same question"
            )


def opened_file(path: Path, classifier: Classifier) -> OpenedFile:
    """Say what was opened."""
    facts, contract = classifier.facts, classifier.contract
    return OpenedFile(
        path.name, contract.system, facts.precision, facts.device, facts.provider, classifier.model_sha256
    )


def ask(classifier: Classifier, model: OpenedFile, scans: Sequence[Scan], by: str, progress: Progress) -> FileAnswers:
    """Collect a classifier's answers by the image alone; a scan that it refuses is noted.

    Raises:
        GateFailed: an answer's own check fails.
        DeviceFailed: the device gave up, which is no scan's refusal.
    """
    answers: dict[str, ModelAnswers] = {}
    refused = []
    for done, scan in enumerate(scans, 1):
        try:
            say = classifier.replay if scan.golden else classifier.image_answer
            answers[scan.name] = _answers(say(scan.source))
        except DeviceFailed:
            raise
        except (InputRefused, NotAvailable) as error:
            reason = error.reason if isinstance(error, InputRefused) else "not-available"
            refused.append(Unanswered(scan.name, by, reason, str(error)))
        progress(by, done, len(scans))
    contract, threshold = classifier.contract, classifier.image_threshold
    return FileAnswers(model, contract, threshold, tuple(answers), tuple(answers.values()), tuple(refused))


def _answers(prediction: Prediction) -> ModelAnswers:
    # The model's own: what lies near a threshold is recorded for it, and a site's recalibration is no engine's doing.
    own = prediction.probability if prediction.own_probability is None else prediction.own_probability
    score = np.array([own])
    return ModelAnswers(prediction.logits[None], score, prediction.heatmap[None])


def compared(reference: FileAnswers, others: Sequence[FileAnswers], scans: Sequence[Scan]) -> Compared:
    """Hold each file against the reference, on the scans that all answered.

    Raises:
        UsageError: nothing is left that differs from the reference in file or device.
    """
    others = [said for said in others if not _same(said.model, reference.model)]
    if not others:
        raise UsageError(
            f"{reference.model.file} would be compared with itself on the same device; name another model with "
            "--against, another file with --precision, or another --device"
        )
    answered = [set(said.names) for said in others]
    common = [name for name in reference.names if all(name in names for names in answered)]
    first = {entry.scan: entry for said in (*reversed(others), reference) for entry in said.refused}
    unanswered = tuple(first[scan.name] for scan in scans if scan.name in first)
    rows = tuple(_row(reference, said, common) for said in others)
    return Compared(reference.model, len(scans), all(scan.golden for scan in scans), unanswered, rows)


def _same(one: OpenedFile, other: OpenedFile) -> bool:
    return (one.sha256, one.device) == (other.sha256, other.device)


def _row(reference: FileAnswers, said: FileAnswers, names: Sequence[str]) -> FileComparison:
    near = said.contract.tolerances.get("neighbourhood", NEIGHBOURHOOD)
    if not names:
        return FileComparison(said.model, near, None, None)
    one, other = reference.of(names), said.of(names)
    figures = compare(
        one, other, reference.threshold, near, said.threshold, shade=shade_of(reference.contract.heatmap.full_scale)
    )
    return FileComparison(said.model, near, common_grid(one.maps, other.maps), figures)
