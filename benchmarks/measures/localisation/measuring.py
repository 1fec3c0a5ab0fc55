"""Models on fresh phantoms whose defect is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgecad.contract import Drawing, Features
from edgecad_train.evaluation.localisation.defect import chance, peak_on_defect
from edgecad_train.evaluation.localisation.figures import Localisation, localised
from edgecad_train.evaluation.localisation.located import LEAST_DEFICIT, LocatedScan, Shown, located
from edgecad_train.evaluation.localisation.words import FIGURES
from edgecad_train.phantoms import PhantomPatient, draw_patient, jpeg_bytes, render_screen
from measures.localisation.options import LocalisationOptions
from measures.localisation.real import RealFound, real_answer
from measures.uptake.maps import FRESH_SEED, Refused, prepared_map, real_map
from measures.uptake.models import BATCH, MIXED, TrainedOn, trained

if TYPE_CHECKING:
    from edgecad.polarmap import PreparedMap
    from edgecad_train.judgement.models import JudgedModel

MOST_TRIED = 20
"""Times as many phantoms as are wanted, with a deficit large enough, before it is given up."""
BARS = {"peak_on_defect": (">=", 0.90), "region_empty": ("<=", 0.05), "region_not_colder": ("<=", 0.03)}
"""What is held to, of the default."""


class LocalisationRow(msgspec.Struct, frozen=True):
    """One strategy and choice of features, over all seeds.

    Attributes:
        found: figures of the judged phantoms.
        within_outline: share of peaks of which at least half of the cell lies within the defects' own outlines, where
            half of their depth is lost, beside that outline's share of the disc: a smaller target.
        tried: phantoms with a deficit large enough that were asked; `refused` of them got no answer.
        each: peaks on the defect of each seed's model, a share.
        real: the real map, of each seed's model.
    """

    strategy: str
    features: str
    found: Localisation
    within_outline: tuple[float, float]
    tried: int
    refused: int
    each: tuple[float, ...]
    real: tuple[RealFound, ...]

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.strategy}, features {self.features}: {self.found.scans} phantoms, peaks by seed " + ", ".join(
            f"{share:.2f}" for share in self.each
        )
        for figure in self.found.judged.figures if self.found.judged else ():
            held = BARS.get(figure.name)
            bar = f"   ({held[0]} {held[1]} wanted)" if held else ""
            yield f"  {FIGURES[figure.name]}: {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}){bar}"
        share, outline = self.within_outline
        yield f"  peak within the outline at half depth: {share:.3f}, chance {outline:.3f}"
        yield from (f"  {real.words()}" for real in self.real)


class LocalisationFound(msgspec.Struct, frozen=True):
    """All rows."""

    backbone: str
    data: str
    drawing: Drawing
    bars: dict[str, tuple[str, float]]
    rows: tuple[LocalisationRow, ...]


def localisation(options: LocalisationOptions) -> LocalisationFound:
    """Train every model, and look where its maps lie."""
    drawing = Drawing() if options.beyond is None else Drawing(beyond=options.beyond)
    rows = []
    for features in options.features:
        for strategy in options.strategies:
            row = _row(options, drawing, strategy, features)
            rows.append(row)
            print("\n".join(row.lines()), flush=True)
    return LocalisationFound(options.backbone, f"{options.patients} PHANTOMS", drawing, BARS, tuple(rows))


def _row(options: LocalisationOptions, drawing: Drawing, strategy: str, features: Features) -> LocalisationRow:
    scans: list[_Judged] = []
    each, real, tried, refused = [], [], 0, 0
    for seed in range(options.runs):
        model = trained(TrainedOn(seed, MIXED, drawing, strategy, folds=0, features=features), options)
        judged, asked, unanswered = _judged(model, seed, options.fresh)
        scans += judged
        tried, refused = tried + asked, refused + unanswered
        each.append(float(np.mean([one.scan.peak_on_defect for one in judged])) if judged else float("nan"))
        named = real_map(options.real)
        if named is not None:
            name = f"localisation-{strategy}-{features}-seed-{seed}.png"
            real.append(real_answer(model, named, options.pictures / name))
    return LocalisationRow(
        strategy=strategy,
        features=features,
        found=localised([one.scan for one in scans], "test"),
        within_outline=(
            float(np.mean([one.within_outline for one in scans])),
            float(np.mean([one.outline for one in scans])),
        ),
        tried=tried,
        refused=refused,
        each=tuple(each),
        real=tuple(real),
    )


@dataclass(frozen=True)
class _Judged:
    """A phantom that was judged.

    Attributes:
        within_outline: whether the map's peak lies within the defects' own outlines.
        outline: their share of the disc.
    """

    scan: LocatedScan
    within_outline: bool
    outline: float


def _judged(model: JudgedModel, seed: int, wanted: int) -> tuple[list[_Judged], int, int]:
    """Phantoms that score .5 or more, `wanted` of them, how many were asked, and how many were refused."""
    judged: list[_Judged] = []
    tried = refused = 0
    patients = _large(seed)
    while len(judged) < wanted:
        batch = list(islice(patients, min(BATCH, wanted)))
        answered = [(patient, prepared) for patient in batch if (prepared := _prepared(patient, model)) is not None]
        tried, refused = tried + len(batch), refused + len(batch) - len(answered)
        judged += [one for one in _located(model, seed, answered) if one.scan.judged]
        if tried > MOST_TRIED * wanted:
            raise SystemExit(f"of {tried} phantoms with a large defect only {len(judged)} score .5 or more")
    return judged[:wanted], tried, refused


def _large(seed: int) -> Iterator[PhantomPatient]:
    """Fresh phantoms with a deficit large enough."""
    drawn = (draw_patient(FRESH_SEED + seed, index) for index in count())
    return (patient for patient in drawn if patient.deficit >= LEAST_DEFICIT)


def _prepared(patient: PhantomPatient, model: JudgedModel) -> PreparedMap | None:
    found = prepared_map(jpeg_bytes(render_screen(patient)), model.contract.preparation)
    return None if isinstance(found, Refused) else found


def _located(
    model: JudgedModel, seed: int, answered: Sequence[tuple[PhantomPatient, PreparedMap]]
) -> Iterator[_Judged]:
    from scipy.special import expit

    from edgecad_train.data.truth import DefectTruth
    from edgecad_train.phantoms.uptake import defect_mask, outline_mask

    if not answered:
        return
    given = model.answers(np.stack([prepared.image for _, prepared in answered]))
    logits, maps = given.logits, given.maps
    if maps is None:
        raise SystemExit(f"{model.name} has no heat maps")
    contract = model.contract
    positive = contract.positive_index
    scores = expit((logits[:, positive] - logits[:, 1 - positive]) / contract.decision.temperature)
    for (patient, prepared), score, heatmap in zip(answered, scores, maps, strict=True):
        truth = DefectTruth.of_mask(defect_mask(patient, 256)).with_deficit(patient.deficit)
        shown = Shown(heatmap, prepared.uptake, contract.heatmap)
        above = bool(score >= contract.decision.threshold)
        scan = located(patient.index, f"{seed}-{patient.patient}", float(score), shown, truth, above=above)
        outline = outline_mask(patient, 256)
        yield _Judged(scan, peak_on_defect(heatmap, outline), chance(outline))
