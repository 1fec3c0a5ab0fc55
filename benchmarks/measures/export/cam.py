"""What the heat map costs: the network with its maps against the same network that only gives a score."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgecad.modelfiles.file import FILES
from measures.export.options import ExportOptions
from measures.export.parity import BARS
from measures.latency import in_turn
from measures.models.exporting import exported, untrained_run
from measures.models.kept import kept_model, model_in
from measures.quartiles import Quartiles


class CamRow(msgspec.Struct, frozen=True):
    """One network: milliseconds `with` and `without` its maps, and what share they add."""

    backbone: str
    bars: dict[str, float]
    milliseconds: dict[str, Quartiles]
    cost: float
    held: bool


def cam(options: ExportOptions) -> Iterator[CamRow]:
    """Random weights, both in turn."""
    for backbone in options.backbones:
        yield _row(backbone, _file(backbone, options.models), options.rounds)


def _file(backbone: str, models: Path | None) -> bytes:
    """The fp32 file of a network that was hardly trained."""
    if models is not None:
        return (model_in(kept_model(backbone, models)) / FILES["fp32"]).read_bytes()
    with untrained_run(backbone, 24) as folder:
        return (exported(folder, ()).folder / FILES["fp32"]).read_bytes()


def _row(backbone: str, whole: bytes, rounds: int) -> CamRow:
    import onnx
    from onnx.utils import Extractor

    from edgecad.inference.predicting import ANSWER_OUTPUTS

    score = ("logits", "probabilities")
    alone = Extractor(onnx.load_from_string(whole)).extract_model(["image"], list(score))
    times = in_turn({"with": (whole, ANSWER_OUTPUTS), "without": (alone.SerializeToString(), score)}, rounds)
    cost = times["with"].median / times["without"].median - 1
    print(f"{backbone}: {times['with'].median:.2f} ms with maps, {times['without'].median:.2f} without: {cost:+.1%}")
    return CamRow(backbone, BARS, times, cost, cost <= BARS["cam_cost"])
