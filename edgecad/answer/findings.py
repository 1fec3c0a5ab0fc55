"""What a reader should know of a scan, its map or the model; and the colours that are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.doubts import doubts_about_decision, doubts_about_zone
from edgecad.answer.familiarity import doubts_about_familiarity
from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad.answer.prediction import Finding
from edgecad.contract import NOT_KNOWN, Contract, Crop
from edgecad.images.screen import Said
from edgecad.polarmap import Objections, PreparedMap, colour_histogram, input_mask

MAX_UNSEEN_COLOURS = 0.6
"""Largest share of the picture in colours that no training scan had. A dark but honest map had 0.53 of them."""


MAX_STEPS = 32
"""Steps up to which an answer says that uptake is known in steps only."""


def unseen_colours(image: NDArray[np.uint8], contract: Contract) -> float:
    """Share of the disc, or of the whole, of a prepared image whose colours no training scan had, 0 to 1.

    Zero where no training colours were recorded; `doubts_about` says that they were not. Zero where the input is
    uptake: it was read through a table that fits, or refused.
    """
    if not contract.colours.recorded or contract.preparation.input == "uptake":
        return 0.0
    unseen = np.unpackbits(np.frombuffer(bytes.fromhex(contract.colours.bins), np.uint8)) == 0
    counts = colour_histogram(image, input_mask(image.shape[0], contract.preparation.crop).view(np.uint8))
    return float(counts[unseen].sum() / counts.sum())


def object_to_series(says: Iterable[Said], crop: Crop, objections: Objections) -> None:
    """A rest study, or one without attenuation correction, is another input: reason `series`.

    Whole images raise no objection.
    """
    said = " and ".join(says)
    if said and crop != "none":
        objections.against(
            "series", f"the file says that it is {said}; a stress map with attenuation correction is wanted: send that"
        )


def object_to_unseen(share: float, crop: Crop, objections: Objections) -> None:
    """Another colour table is another input, of which the model's figures say nothing: reason `colours`."""
    if share > MAX_UNSEEN_COLOURS:
        objections.against(
            "colours",
            f"{share:.0%} of {_picture(crop)} has colours that training never saw, at most {MAX_UNSEEN_COLOURS:.0%} "
            "allowed; save the screen in a colour table of the training scans",
        )


def findings_of(
    prepared: PreparedMap, contract: Contract, unseen: float, shown: NDArray[np.floating]
) -> tuple[Finding, ...]:
    """Findings of one scan; `shown` is its heat map `(h, w)`, logit units."""
    preparation = contract.preparation
    crop, findings = preparation.crop, []
    if crop == "none":
        findings = [Finding("picture-unchecked", 1.0, "NOTHING CHECKED WHAT THE IMAGE SHOWS: it was taken whole")]
    elif contract.black_counts:
        outside = share_outside_disc(shown)
        if outside >= DOUBTED_FROM:
            findings = [Finding("evidence-outside", outside, f"{outside:.0%} of the heat map lies outside the disc")]
    if unseen > 0.02:
        what = f"{unseen:.0%} of {_picture(crop)} has colours unseen in training"
        findings.append(Finding("colours-unseen", unseen, what))
    if prepared.overlay_share > 0.005:
        share = prepared.overlay_share
        findings.append(Finding("overlay", share, f"text or lines over {share:.1%} of the disc were painted over"))
    steps = prepared.reading and prepared.reading.steps
    if steps and steps <= MAX_STEPS:
        what = f"THE COLOURS STAND IN {steps} STEPS: the score may be off by some hundredths, in one of twenty by .3"
        findings.append(Finding("steps", float(steps), what))
    return tuple(findings)


def _picture(crop: Crop) -> str:
    return "the image" if crop == "none" else "the disc"


def doubts_about(contract: Contract, threshold: float | None = None) -> tuple[Finding, ...]:
    """What the model's own figures say against it; said with every answer, because a figure alone looks calm.

    Args:
        threshold: the one in force; None is the contract's.
    """
    in_force = contract.decision.threshold if threshold is None else threshold
    return (
        *doubts_about_zone(contract.decision.zone),
        *_unmeasured(contract),
        *doubts_about_familiarity(contract),
        *_near_chance(contract),
        *doubts_about_decision(contract, in_force),
    )


def _unmeasured(contract: Contract) -> Iterator[Finding]:
    """What is not known of a model that was trained elsewhere."""
    if not contract.colours.recorded and contract.preparation.input == "rgb":
        words = "COLOURS UNCHECKED: nobody recorded those that this model was trained on"
        yield Finding("colours-unchecked", 1.0, words)
    if contract.data_sha256 == NOT_KNOWN and not contract.metrics:
        words = "NOBODY MEASURED THIS MODEL HERE: it was trained elsewhere, and no figure came with it"
        yield Finding("model-unmeasured", 1.0, words)


def _near_chance(contract: Contract) -> Iterator[Finding]:
    for metric in contract.metrics:
        if (metric.name, metric.part) == ("auc", "test") and metric.low <= 0.5:
            seen = f"(test AUC {metric.value:.2f}, from {metric.low:.2f})"
            words = f"THIS MODEL WAS NOT SHOWN TO BE BETTER THAN CHANCE {seen}"
            yield Finding("model-not-above-chance", metric.low, words)
