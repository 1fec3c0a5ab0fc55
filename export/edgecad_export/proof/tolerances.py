"""What the gate allows each precision: the defaults, and a user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from edgecad.contract import RunPrecision
from edgecad.errors import UsageError
from edgecad.inference.checks import IDENTITY_TOLERANCE


@dataclass(frozen=True)
class Tolerances:
    """What one file may differ by from the Keras model. Infinity: not judged."""

    probabilities: float
    """Largest difference of a probability, 0 to 1."""
    neighbourhood: float
    """Distance to the threshold, or to a bound of the uncertain zone, in probability, within which a flipped label or
    certainty is rounding. Beyond it: none."""
    heatmap_correlation: float
    """Least agreement of the score's maps, -1 to 1; see `edgecad.answer.heatmap.agreement` for flat ones."""
    logits: float = float("inf")
    """Largest difference of logits, relative to the largest logit."""
    auc_loss: float = float("inf")
    """Most that the area under the ROC curve may fall."""
    hidden: float = float("inf")
    """Most that a hidden unit which a ReLU switched may have moved, relative to the largest value of its layer."""
    familiarity: float = float("inf")
    """Most that the distance to the training scans may differ on one image, beside what all images share, relative to
    its limit. What all share goes into the file's own limit."""
    identity: float = IDENTITY_TOLERANCE
    """Largest relative error of mean(cam) + cam_bias == logits. The head is fp32 in every file."""

    def recorded(self) -> dict[str, float]:
        """Those that judge, by name: for the contract."""
        return {name: value for name, value in asdict(self).items() if value != float("inf")}


TOLERANCES: Mapping[RunPrecision, Tolerances] = {
    "fp32": Tolerances(
        probabilities=1e-4, neighbourhood=1e-3, heatmap_correlation=0.9999, logits=1e-4, hidden=1e-4, familiarity=0.01
    ),
    "fp16": Tolerances(probabilities=0.01, neighbourhood=0.01, heatmap_correlation=0.999, hidden=0.02, familiarity=0.1),
    "int8": Tolerances(
        probabilities=0.05, neighbourhood=0.05, heatmap_correlation=0.95, auc_loss=0.005, hidden=0.2, familiarity=0.5
    ),
    # No file has it: an engine runs the fp32 file so. It has 8 significant bits, as int8 has 8.
    "bf16": Tolerances(
        probabilities=0.05, neighbourhood=0.05, heatmap_correlation=0.95, auc_loss=0.005, hidden=0.2, familiarity=0.5
    ),
}


def tolerances_from_words(words: Sequence[str]) -> dict[RunPrecision, Tolerances]:
    """The defaults with `PRECISION.NAME=VALUE` put in place, for example `int8.probabilities=0.03`.

    Raises:
        UsageError: no such precision or name, or no finite number of 0 or more (a correlation: up to 1).
    """
    changed = dict(TOLERANCES)
    for word in words:
        precision, name, value = _parsed(word)
        changed[precision] = replace(changed[precision], **{name: value})
    return changed


def _parsed(word: str) -> tuple[RunPrecision, str, float]:
    names = [field.name for field in fields(Tolerances)]
    where, _, number = word.partition("=")
    precision, _, name = where.partition(".")
    for known in TOLERANCES:
        if precision == known and name in names:
            return known, name, _number(word, number, least=-1.0 if name == "heatmap_correlation" else 0.0)
    raise UsageError(
        f"--tolerance {word!r} is not PRECISION.NAME=VALUE with a precision of {', '.join(TOLERANCES)} and a name of "
        f"{', '.join(names)}; for example int8.probabilities=0.03"
    )


def _number(word: str, number: str, least: float) -> float:
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if not least <= value <= 1.0:
        raise UsageError(f"--tolerance {word!r}: {number or 'nothing'} is not a number of {least:g} to 1")
    return value
