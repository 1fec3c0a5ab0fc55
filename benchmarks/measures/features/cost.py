"""What the choice of features costs: milliseconds an answer, and bytes, of each file of each network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgecad.contract import Features
from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.modelfiles.file import FILES
from measures.features.options import FeatureOptions
from measures.latency import in_turn
from measures.models.exporting import ANYTHING, exported, untrained_run
from measures.models.kept import PHANTOMS, ROUNDING
from measures.quartiles import Quartiles


class CostRow(msgspec.Struct, frozen=True):
    """One file.

    Attributes:
        size: bytes of the file.
        milliseconds: of an image through the network alone, with all that an answer is made of.
    """

    backbone: str
    features: str
    precision: str
    size: int
    milliseconds: Quartiles

    def line(self) -> str:
        """A row of the table."""
        cells = (self.backbone, self.features, self.precision, f"{self.size / 1e6:.2f}", self.milliseconds.words())
        return f"| {' | '.join(cells)} |"


class FeatureCost(msgspec.Struct, frozen=True):
    """All files."""

    rounds: int
    rows: tuple[CostRow, ...]


def cost(options: FeatureOptions) -> FeatureCost:
    """Export each network with each choice, and time all files of a network in turn."""
    print("| network | features | file | MB | ms (quartiles) |\n|---|---|---|---|---|")
    rows = []
    for backbone in options.backbones:
        for row in _rows(backbone, options):
            rows.append(row)
            print(row.line(), flush=True)
    return FeatureCost(options.rounds, tuple(rows))


def _rows(backbone: str, options: FeatureOptions) -> Iterator[CostRow]:
    files = {
        (features, precision): content
        for features in options.features
        for precision, content in _files(backbone, features, options).items()
    }
    named = {" ".join(key): (content, ANSWER_OUTPUTS) for key, content in files.items()}
    times = in_turn(named, options.rounds)
    for features, precision in files:
        own = times[f"{features} {precision}"]
        yield CostRow(backbone, features, precision, len(files[features, precision]), own)


def _files(backbone: str, features: Features, options: FeatureOptions) -> dict[str, bytes]:
    """Content of each file that was written: time and size do not depend on what a network learnt."""
    with untrained_run(backbone, PHANTOMS, "--features", features) as folder:
        model: Path = exported(folder, options.precisions, ANYTHING, options=ROUNDING).folder
        found = {precision: model / name for precision, name in FILES.items()}
        return {precision: path.read_bytes() for precision, path in found.items() if path.is_file()}
