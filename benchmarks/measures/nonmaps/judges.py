"""Exported models, and what they say of a file: the runtime's own way, from the bytes to an answer or a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgecad import Classifier
from edgecad.colourtables import ColourTable
from edgecad.contract import Drawing, MapPlace
from edgecad.errors import InputRefused
from edgecad.inference.loading import load_model
from edgecad.inference.replaying import prove_golden
from edgecad.modelfiles.file import FILES
from edgecad.system.folders import followed
from measures.command import EDGECAD, run_command
from measures.nonmaps.options import NonMapsOptions
from measures.uptake.models import MIXED, TrainedOn, trained_run


class PictureVerdict(msgspec.Struct, frozen=True):
    """What a model said of a picture.

    Attributes:
        reason: of the refusal; empty: it was answered.
        score: of the positive class, where it was answered.
        findings: codes of what the answer says beside the score.
    """

    reason: str = ""
    message: str = ""
    score: float | None = None
    findings: tuple[str, ...] = ()


class Judge:
    """One exported model in fp32, on the CPU.

    Attributes:
        name: of its folder.
    """

    def __init__(self, model: Path) -> None:
        self.name = model.name
        self._loaded = load_model(model, "cpu", "fp32", prove_golden)
        self._opened: dict[tuple[ColourTable | None, MapPlace | None], Classifier] = {}

    def __call__(self, data: bytes, given: ColourTable | None = None, place: MapPlace | None = None) -> PictureVerdict:
        """Answer a file, as `edgecad infer` does.

        Args:
            given: the table that the user names.
            place: which one of several maps is meant.
        """
        classifier = self._opened.get((given, place))
        if classifier is None:
            tables = () if given is None else (given,)
            classifier = self._opened[given, place] = Classifier(
                self._loaded, tables=tables, place=place, replay="never"
            )
        try:
            answer = classifier(data)
        except InputRefused as refusal:
            return PictureVerdict(refusal.reason, str(refusal))
        return PictureVerdict(score=answer.probability, findings=tuple(finding.code for finding in answer.findings))


def judges(options: NonMapsOptions) -> Iterator[Judge]:
    """The models that options name, or those of their seeds; one is open at a time."""
    for folder in options.model or _runs(options):
        yield Judge(_exported(folder, options.kept))


def _runs(options: NonMapsOptions) -> Iterator[Path]:
    for seed in range(options.runs):
        yield trained_run(TrainedOn(seed, MIXED, Drawing(), options.strategy, options.folds), options)


def _exported(folder: Path, kept: Path) -> Path:
    """The model folder of a run, exported if need be; of a model folder, itself. Either may be a pointer."""
    folder = followed(folder).resolve()
    if (folder / FILES["fp32"]).is_file():
        return folder
    place = (kept / "exported" / hashlib.sha256(str(folder).encode()).hexdigest()[:12]).absolute()
    model = place / "models" / folder.name
    if not (model / FILES["fp32"]).is_file():
        place.mkdir(parents=True, exist_ok=True)
        run_command([*EDGECAD, "export", folder], place)
    return model
