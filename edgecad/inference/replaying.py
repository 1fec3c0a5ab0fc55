"""The golden samples answered by an open model: as it must answer them at opening, and as an export records them."""

from __future__ import annotations

from pathlib import Path

from edgecad.clinical.fusion import check_golden_fusion
from edgecad.contract import GoldenAnswer
from edgecad.errors import GateFailed
from edgecad.golden import Replay, bounds_of, recorded_answers, replay
from edgecad.inference.loading import LoadedModel, open_file
from edgecad.inference.predicting import Predictor
from edgecad.modelfiles.file import own_file


def replayed(predictor: Predictor) -> tuple[Replay, ...]:
    """Answer all golden samples, and compare with what the contract recorded at export.

    Raises:
        GateFailed: the model carries no golden answers, or to samples that this runtime does not have.
    """
    check_golden_fusion(predictor.contract)
    return replay(predictor.replay, predictor.contract, bounds_of(predictor.contract, predictor.loaded.facts))


def prove_golden(loaded: LoadedModel) -> None:
    """Demand that a model answers the golden samples as it did at export.

    Raises:
        GateFailed: it does not.
    """
    wrong = [entry.sample for entry in replayed(Predictor.of(loaded)) if not entry.holds]
    if wrong:
        raise GateFailed(
            f"on {loaded.facts.device} ({loaded.facts.provider}) the model answers {', '.join(wrong)} otherwise than "
            "at export, so it must not be used there; use another --device or --precision, and report it"
        )


def golden_answers(model: Path) -> tuple[GoldenAnswer, ...]:
    """Answer every golden sample on the CPU, for the contract of `model`."""
    predictor = Predictor.of(open_file(own_file(model), "cpu"))
    return recorded_answers(predictor.replay, predictor.contract)
