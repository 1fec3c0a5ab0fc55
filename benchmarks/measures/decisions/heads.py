"""Heads with one activation and another, on the user's own way: train, export, infer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from edgecad.errors import GateFailed
from measures.command import EDGECAD, SAID, run_command
from measures.decisions.options import HeadOptions
from measures.decisions.runs import trained_run
from measures.export.parity import ParityEntry, parity_of

DEFAULT, FP16 = "silu", "model.fp16.onnx"
BARS = {"heat_map": 0.999, "backbone_share": 0.52}


class HeadRow(msgspec.Struct, frozen=True):
    """One run with one activation.

    Attributes:
        codes: exit codes of train, export and infer.
        kept: files of the model folder.
        score: of the scan, 0 to 1.
        map_as_it_is: least agreement of the fp16 file's maps with the trained model's, -1 to 1; None without the file.
        map: the same under the file's own switches, as the gate compares it.
        switched: hidden units that a ReLU of the file set on the other side.
        backbone_share: bytes of the fp16 backbone, of fp32's.
        kept_in_fp32: nodes of the backbone.
    """

    seed: int
    activation: str
    codes: tuple[int, int, int]
    kept: tuple[str, ...]
    score: float
    map_as_it_is: float | None
    map: float
    switched: int
    backbone_share: float
    kept_in_fp32: int
    export_seconds: float

    def line(self) -> str:
        """A row of the table."""
        raw = "-" if self.map_as_it_is is None else f"{self.map_as_it_is:.5f}"
        cells = (
            self.seed, self.activation, " ".join(map(str, self.codes)), " ".join(self.kept), f"{self.score:.3f}",
            raw, f"{self.map:.5f}", self.switched, f"{self.backbone_share:.3f}", self.kept_in_fp32,
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


class Heads(msgspec.Struct, frozen=True):
    """All runs."""

    backbone: str
    data: str
    bars: dict[str, float]
    rows: tuple[HeadRow, ...]


class AnswerRecord(msgspec.Struct, frozen=True):
    """What of `edgecad infer --json` is read."""

    probability: float


def lines(options: HeadOptions) -> Heads:
    """The three lines, a run a seed and activation."""
    print("| seed | activation | codes | kept | score of the scan | map, as it is | under own switches | switched |"
          " backbone of fp32 | nodes in fp32 |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    rows = []
    for row in _rows(options):
        rows.append(row)
        print(row.line(), flush=True)
    return Heads(options.backbone, f"{options.patients} PHANTOMS", BARS, tuple(rows))


def _rows(options: HeadOptions) -> Iterator[HeadRow]:
    for activation in options.activations:
        for seed in range(options.runs):
            yield _row(seed, activation, options)


def _row(seed: int, activation: str, options: HeadOptions) -> HeadRow:
    words = () if activation == DEFAULT else ("--activation", activation)
    place = trained_run(seed, options, *words)
    shutil.rmtree(place / "models", ignore_errors=True)
    exported = run_command([*EDGECAD, "export", "--fp16"], place, (0, GateFailed.exit_code))
    scan = options.scan.absolute() if options.scan else next((place / "data" / "CAD").iterdir())
    answered = run_command([*EDGECAD, "infer", scan, "--json"], place, (0,))
    record = msgspec.json.decode((place / SAID).read_text().splitlines()[-1], type=AnswerRecord)
    model = place / "models" / (place / "models" / "latest").read_text().strip()
    parity = parity_of(model)
    half = msgspec.convert({**parity.files, **parity.refused}[FP16], ParityEntry)
    return HeadRow(
        seed=seed,
        activation=activation,
        codes=(0, exported.code, answered.code),
        kept=tuple(sorted(parity.files)),
        score=record.probability,
        map_as_it_is=_least_agreement(place, model) if FP16 in parity.files else None,
        map=min(half.validation.heatmap_correlation, half.golden.heatmap_correlation),
        switched=half.validation.switched + half.golden.switched,
        backbone_share=half.backbone_share_of_fp32,
        kept_in_fp32=len(half.kept_in_fp32),
        export_seconds=exported.seconds,
    )


def _least_agreement(place: Path, model: Path) -> float:
    """Of the maps as a reader would see them: the trained model's and the file's, rounded to half throughout."""
    import onnx

    from edgecad.answer.heatmap import agreement, logit_scale
    from edgecad_export.graph.trained_classifier import classifier_from_keras
    from edgecad_export.precision.fp16.half import as_half
    from edgecad_export.proof.answers import answers_of_file, answers_of_keras
    from edgecad_export.runfiles import read_run

    run = read_run(place / "runs" / "latest")
    fitted = {image.tobytes() for image in run.calibration}
    images = np.stack([image for image in run.images if image.tobytes() not in fitted])
    reference = answers_of_keras(classifier_from_keras(run.model), run.contract, images)
    seen = answers_of_file(as_half(onnx.load(model / FP16)), run.contract, images, reference.head)
    scale = logit_scale(reference.logits)
    return min(agreement(one, other, scale) for one, other in zip(reference.maps, seen.maps, strict=True))
