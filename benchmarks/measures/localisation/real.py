"""The one real map, of which nobody wrote down a defect: how cold what is outlined is, and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgecad.answer.grid import on_pixels
from edgecad.answer.prediction import Finding, Prediction
from edgecad.answer.region import findings_about_region, region_of
from edgecad.colourtables.known import known_table
from edgecad.inference.answering import write_figure
from edgecad.picture.figure import answer_figure
from edgecad.picture.line import IdLine
from edgecad.polarmap import input_mask
from edgecad_train.evaluation.localisation.located import Shown, located
from edgecad_train.phantoms.imitations import render_layout, screen_bytes
from measures.uptake.maps import BARE, NamedMap, Refused, prepared_map
from measures.uptake.models import OWN_TABLES

if TYPE_CHECKING:
    from edgecad.polarmap import PreparedMap
    from edgecad_train.judgement.models import JudgedModel

COLDEST = 0.2
"""Share of the disc's pixels that are its coldest."""


class RealFound(msgspec.Struct, frozen=True):
    """The real map and one model.

    Attributes:
        region_uptake: the outlined region's mean uptake by the disc's; None where nothing is outlined.
        map_and_uptake: correlation over cells; negative: the map marks what is cold.
        coldest_outlined: share of the coldest fifth of the disc that the region holds, 0 to 1; `outlined` of the disc.
        findings: codes of what the answer says of its region.
        picture: file name.
    """

    score: float
    region_uptake: float | None
    map_and_uptake: float | None
    coldest_outlined: float
    outlined: float
    findings: tuple[str, ...]
    picture: str

    def words(self) -> str:
        """One line."""
        uptake = "nothing outlined" if self.region_uptake is None else f"region's uptake {self.region_uptake:.2f}"
        told = "none" if self.map_and_uptake is None else f"{self.map_and_uptake:+.2f}"
        return (
            f"real map: score {self.score:.3f}, {uptake}, map and uptake {told}, {self.coldest_outlined:.0%} of the "
            f"coldest fifth within the outline of {self.outlined:.0%} of the disc"
        )


def real_answer(model: JudgedModel, named: NamedMap, picture: Path) -> RealFound:
    """Ask a model for the real map, drawn bare in the first table of its training, and draw its answer.

    Raises:
        SystemExit: it is refused, or the model has no heat maps.
    """
    screen = render_layout(named.percent, known_table(OWN_TABLES[0]), BARE)
    prepared = prepared_map(screen_bytes(screen, BARE), model.contract.preparation)
    if isinstance(prepared, Refused):
        raise SystemExit(f"the real map is refused: {prepared.message}")
    given = model.answers(prepared.image[None])
    logits, maps = given.logits, given.maps
    if maps is None or prepared.uptake is None:
        raise SystemExit(f"{model.name} has no heat maps, or sees no uptake")
    contract = model.contract
    positive = contract.positive_index
    log_odds = float(logits[0, positive] - logits[0, 1 - positive]) / contract.decision.temperature
    score = float(1 / (1 + np.exp(-log_odds)))
    above = score >= contract.decision.threshold
    found = located(0, named.name, score, Shown(maps[0], prepared.uptake, contract.heatmap), None, above=above)
    findings = findings_about_region(prepared, "polar-map", maps[0], contract.heatmap, above=above)
    answer = _prediction(model, prepared, logits[0], maps[0], score, findings)
    picture.parent.mkdir(parents=True, exist_ok=True)
    write_figure(picture, answer_figure(answer, contract, _line(model)))
    inside = input_mask(prepared.image.shape[0], "polar-map")
    raised = region_of(maps[0], contract.heatmap, "polar-map").raised
    region = on_pixels(raised, *inside.shape)
    coldest = inside & (prepared.uptake <= np.nanquantile(prepared.uptake, COLDEST))
    return RealFound(
        score=score,
        region_uptake=found.region_uptake,
        map_and_uptake=found.map_and_uptake,
        coldest_outlined=float(region[coldest].mean()),
        outlined=float(region[inside].mean()),
        findings=tuple(finding.code for finding in findings),
        picture=picture.name,
    )


def _line(model: JudgedModel) -> IdLine:
    contract = model.contract
    return IdLine(model=contract.name, model_sha256=model.sha256, precision=contract.precision, device="cpu")


def _prediction(
    model: JudgedModel,
    prepared: PreparedMap,
    logits: np.ndarray,
    shown: np.ndarray,
    score: float,
    findings: tuple[Finding, ...],
) -> Prediction:
    """What the runtime would hand to its picture."""
    contract = model.contract
    threshold = contract.decision.threshold
    return Prediction(
        label=contract.positive if score >= threshold else contract.negative,
        probability=score,
        threshold=threshold,
        threshold_from="contract",
        positive=contract.positive,
        logits=np.asarray(logits, np.float32),
        heatmap=np.asarray(shown, np.float32),
        image=prepared.image,
        screen=(0, 0),
        view=prepared.view,
        disc=prepared.disc,
        findings=findings,
        overruled=(),
        frame=None,
        scan_sha256="",
        model_sha256=model.sha256,
        contract_sha256="",
        origin=contract.origin,
        device="cpu",
        provider="",
        precision="fp32",
        reading=prepared.reading,
        uptake=prepared.uptake,
    )
