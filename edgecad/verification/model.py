"""Verify a model on this machine: its files, its golden samples, and how it compares with another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgecad.contract import Contract, Origin, RunPrecision
from edgecad.golden import Replay
from edgecad.inference.classifier import Classifier
from edgecad.modelfiles.file import locate_model, read_model
from edgecad.modelfiles.folder import Integrity, State, check_integrity
from edgecad.modelfiles.signature import demanded_key
from edgecad.site import Site
from edgecad.verification.against import (
    Compared,
    FileAnswers,
    OpenedFile,
    Progress,
    Scan,
    ask,
    check_comparable,
    compared,
    opened_file,
)

REFERENCE_DEVICE = "cpu"

Model = str | os.PathLike[str] | None
"""As `edgecad.inference.classifier.Classifier` takes it."""


@dataclass(frozen=True)
class ReferenceModel:
    """The model to compare with, and which file of it; it runs on the CPU."""

    model: Model
    precision: RunPrecision | None = None


@dataclass(frozen=True)
class VerificationRequest:
    """What is to be verified.

    Attributes:
        precisions: files of `model`; None for whichever is meant by default.
        key: the signer's public key, for the reference too; None is the site's, then that of `$EDGECAD_KEY`.
        site: whose thresholds count in a comparison.
        reference: None to compare with nothing.
        scans: to compare on, one at least where there is a reference.
    """

    model: Model
    device: str = "auto"
    precisions: tuple[RunPrecision | None, ...] = (None,)
    key: Path | None = None
    site: Site | None = None
    reference: ReferenceModel | None = None
    scans: tuple[Scan, ...] = ()


@dataclass(frozen=True)
class FileReplay:
    """How one file's golden samples came out here."""

    model: OpenedFile
    replays: tuple[Replay, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Samples that came out otherwise."""
        return tuple(entry.sample for entry in self.replays if not entry.holds)


@dataclass(frozen=True)
class Verification:
    """All that was found out about a model.

    Attributes:
        digest: of its files; `none` where one of them has a contract of version 1, which carries none.
    """

    integrity: Integrity
    digest: State
    origin: Origin
    files: tuple[FileReplay, ...]
    compared: Compared | None

    @property
    def failed(self) -> tuple[str, ...]:
        """Golden samples that came out otherwise, with the file where there are several."""
        several = len(self.files) > 1
        return tuple(
            f"{name} ({entry.model.file})" if several else name for entry in self.files for name in entry.failed
        )


def verify_model(request: VerificationRequest, progress: Progress = lambda task, done, total: None) -> Verification:
    """Check a model's files, replay its golden samples, compare.

    Raises:
        ModelInvalid: a file is not as it was exported or signed, or cannot be opened.
        UsageError: the models answer different questions, or are the same; or the site chooses by a rule that one of
            them has no threshold for.
        GateFailed: a model has no golden answers, or an answer's own check fails.
        NotAvailable: the device is not here.
    """
    paths = [locate_model(request.model, precision) for precision in request.precisions]
    key = demanded_key(request.key, None if request.site is None else request.site.key)
    request = replace(request, key=key)
    integrity = check_integrity(request.model, key)
    reference = None if request.reference is None else _reference_answers(request, request.reference, progress)
    seen = []
    for path, precision in zip(paths, request.precisions, strict=True):
        with _opened(request, request.model, request.device, precision) as classifier:
            integrity.demand(path, classifier.model_sha256)
            seen.append(_replayed(classifier, path, request.scans, progress))
    files = tuple(entry for entry, _ in seen)
    others = [said for _, said in seen]
    result = None if reference is None else compared(reference, others, request.scans)
    carried: State = (
        "holds" if all(said.contract.digest for said in others) else "none"
    )  # checked when they were opened
    return Verification(integrity, carried, others[0].contract.origin, files, result)


def _replayed(
    classifier: Classifier, path: Path, scans: Sequence[Scan], progress: Progress
) -> tuple[FileReplay, FileAnswers]:
    model = opened_file(path, classifier)
    replayed = FileReplay(model, classifier.replay_golden())
    return replayed, ask(classifier, model, scans, model.precision, progress)


def _reference_answers(request: VerificationRequest, reference: ReferenceModel, progress: Progress) -> FileAnswers:
    with _opened(request, reference.model, REFERENCE_DEVICE, reference.precision) as classifier:
        if reference.model != request.model:
            check_comparable(classifier.contract, _contract(request))
        model = opened_file(locate_model(reference.model, reference.precision), classifier)
        return ask(classifier, model, request.scans, "reference", progress)


def _contract(request: VerificationRequest) -> Contract:
    """Read before any scan is answered, so that models that do not fit are found out at once."""
    return read_model(request.model, request.precisions[0], request.key).contract


def _opened(request: VerificationRequest, model: Model, device: str, precision: RunPrecision | None) -> Classifier:
    """A model as the request demands all of them."""
    return Classifier(model, device, precision=precision, site=request.site, replay="never", key=request.key)
