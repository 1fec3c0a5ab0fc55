"""What the runtime answers: a frozen value that carries its own provenance."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.clinical.fusion import ClinicalAnswer
from edgecad.contract import Contract, MapPlace, Origin
from edgecad.decision.recalibration import Recalibration, Threshold
from edgecad.decision.zone import Certainty, Zone, certainty_of, why_uncertain
from edgecad.polarmap import Disc, TableReading, View
from edgecad.polarmap.segments import segment_means
from edgecad.site import ThresholdFrom

PHANTOM_STAMP = "PHANTOM MODEL - NOT FOR PATIENTS"
RESEARCH_STAMP = "RESEARCH USE ONLY - NOT A MEDICAL DEVICE"
FORCED_STAMP = "FORCED PAST THE MAP CHECK"


def stamp_of(origin: Origin) -> str:
    """The words that stand on every figure, record and line of a model."""
    return RESEARCH_STAMP if origin == "patients" else PHANTOM_STAMP


class Finding(msgspec.Struct, frozen=True):
    """Something a reader should know about this scan or map; it does not change the answer.

    Attributes:
        code: stable word for programs.
        value: the figure behind it.
        text: the sentence for people.
    """

    code: str
    value: float
    text: str


@dataclass(frozen=True)
class Prediction:
    """One scan's answer.

    Attributes:
        label: class on the decision's side of the threshold.
        probability: P(positive), after temperature, 0 to 1, as a reader is shown it: recalibrated where
            `recalibration` says so.
        threshold: the decision threshold in force, on `probability`.
        threshold_from: who chose it; the contract where it is the contract's own, whoever gave it.
        zone: the contract's uncertain zone; None where the model has none.
        logits: `(classes,)`, raw, of the image.
        heatmap: `(h, w)` float32, map of the image's score, logit units.
        clinical: how clinical columns entered the score; None of a model without any. Where they did, `probability`,
            `threshold` and `zone` are those of the fused score.
        image: `(size, size, 3)` uint8 RGB, the prepared disc or whole image: what the network saw.
        uptake: `(size, size)` float32, percent of the colour table's span, NaN outside the disc; None where the
            colours themselves are the input. It is percent of the maximum only where the screen's window is 0 to 100.
        reading: the colour table and who chose it; None likewise.
        familiarity: distance of the pooled features to the training scans', 0 to 2; None where the model has no limits
            for it.
        place: which one of several maps on the screen was taken; None where there is one.
        screen: width and height of the scan, pixels.
        view: what of the screen `image` and `heatmap` show; `edgecad.picture.cells.heatmap_on_screen` puts the map
            there.
        disc: where the map was on the screen; None where the whole image was taken.
        findings: what a reader should know.
        overruled: the map check's objections, where somebody forced an answer against them.
        frame: of the scan, where the caller named one, from 1.
        scan_sha256, model_sha256, contract_sha256: content hashes.
        origin: of the model's training data.
        site_sha256: of the site's file in force; None where there is none.
        recalibration: the site's, of this model; None where there is none.
        own_probability: the model's own, before a recalibration; None without one, when it is `probability`.
        own_threshold: likewise, on the model's own probability. The answer is decided by these two, and `probability`
            never lies on the other side of `threshold`.
        remarks: what was not checked of the model's file, in sentences.
        device, provider, precision: what ran it.
        chosen: why this device and precision: they were named, by default, or by a saved bench.
        milliseconds: time by stage.
    """

    label: str
    probability: float
    threshold: float
    threshold_from: ThresholdFrom
    positive: str
    logits: NDArray[np.float32]
    heatmap: NDArray[np.float32]
    image: NDArray[np.uint8]
    screen: tuple[int, int]
    view: View
    disc: Disc | None
    findings: tuple[Finding, ...]
    overruled: tuple[str, ...]
    frame: int | None
    scan_sha256: str
    model_sha256: str
    contract_sha256: str
    origin: Origin
    device: str
    provider: str
    precision: str
    chosen: str | None = None
    site_sha256: str | None = None
    recalibration: Recalibration | None = None
    own_probability: float | None = None
    own_threshold: float | None = None
    zone: Zone | None = None
    reading: TableReading | None = None
    uptake: NDArray[np.float32] | None = None
    place: MapPlace | None = None
    familiarity: float | None = None
    clinical: ClinicalAnswer | None = None
    remarks: tuple[str, ...] = ()
    milliseconds: dict[str, float] = field(default_factory=dict)

    def answered_by(self, contract: Contract) -> Contract:
        """A model's contract as it is about this answer: of a fused one, with the decision of the fused score."""
        return contract.fused if self.clinical is not None and self.clinical.fused else contract

    @property
    def segment_means(self) -> NDArray[np.float64] | None:
        """Mean uptake in the 17 segments, `(17,)`, percent as `uptake`; numbers, and no diagnosis."""
        return None if self.uptake is None else segment_means(self.uptake)

    @property
    def above(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.probability >= self.threshold

    @property
    def certainty(self) -> Certainty | None:
        """Whether the score lies outside of the uncertain zone; None where the model has no zone."""
        return certainty_of(*self._held_against, self.zone)

    @property
    def zone_bounds(self) -> tuple[float, float] | None:
        """From where to where scores are uncertain, on the same scale as `probability`, with the threshold in force."""
        if self.zone is None:
            return None
        _, own = self._held_against
        low, high = self.zone.at(own)
        if self.recalibration is None:
            return low, high
        lower, upper = self.recalibration.zone_at(Threshold(own, self.threshold), low, high)
        return lower.shown, upper.shown

    @property
    def _held_against(self) -> tuple[float, float]:
        """Score and threshold as they are held against the zone: the model's own."""
        if self.own_probability is None or self.own_threshold is None:
            return self.probability, self.threshold
        return self.own_probability, self.own_threshold

    @property
    def words(self) -> str:
        """The answer as it is said to people."""
        why = self.why_uncertain
        return self.label_words if why is None else f"{self.label_words}; uncertain: {why}"

    @property
    def label_words(self) -> str:
        """Label, score and threshold for people, without whether the answer is clear."""
        side = "above" if self.above else "below"
        score, threshold = told_apart(self.probability, self.threshold)
        whose = "threshold" if self.threshold_from == "contract" else "the site's own threshold"
        recalibrated = "" if self.recalibration is None else f"; {self.recalibration.words}"
        clinical = "" if self.clinical is None else f"; {self.clinical.words}"
        return f"{self.label}: score {score}, {side} {whose} {threshold}{recalibrated}{clinical}"

    @property
    def why_uncertain(self) -> str | None:
        """Why the answer is uncertain, for people; None where it is not."""
        return why_uncertain(*self._held_against, self.zone, self.positive)

    @property
    def stamp(self) -> str:
        """What must stand beside the answer wherever it is shown."""
        stamp = stamp_of(self.origin)
        return f"{FORCED_STAMP} - {stamp}" if self.overruled else stamp


def told_apart(*values: float, most: int = 9) -> tuple[str, ...]:
    """Figures within 0 to 1 for people: with two digits, or with as many, up to `most`, as tell different ones apart.

    Rounding never makes a certainty of a score, nor, up to `most` digits, an equality of a difference.
    """
    for digits in (*range(2, min(most, 7)), most):
        words = tuple(_rounded(value, digits) for value in values)
        if len(set(words)) == len(set(values)):
            break
    return words


def _rounded(score: float, digits: int) -> str:
    smallest = 10.0**-digits
    if score < smallest:
        return f"<{smallest:.{digits}f}"
    return f">{1 - smallest:.{digits}f}" if score > 1 - smallest else f"{score:.{digits}f}"
