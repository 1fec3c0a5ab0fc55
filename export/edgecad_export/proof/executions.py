"""What another engine's own way of running a file may differ by, from what the gate allows and what it measured."""

from __future__ import annotations

from edgecad.golden import MAP_CORRELATION
from edgecad_export.proof.gate import Verdict
from edgecad_export.proof.tolerances import Tolerances


def left_over(verdict: Verdict, allowed: Tolerances) -> dict[str, float]:
    """Bounds that another engine's answers to the golden samples must keep, held against the file's own.

    The file was held against the Keras model, and used a part of what is allowed. What is left may be used by an engine
    that rounds otherwise; so its answers lie within the file's bounds, too. Differences of scores and distances add up;
    of maps, the squares do, because the one's rounding knows nothing of the other's, and 1 - r is half such a square.
    """
    parities = (verdict.validation, verdict.golden)
    used = max(parity.probabilities for parity in parities)
    map_used = 1 - min(parity.heatmap_correlation for parity in parities)
    bounds = {
        "probabilities": max(0.0, allowed.probabilities - used),
        "heatmap_correlation": min(MAP_CORRELATION, allowed.heatmap_correlation + max(0.0, map_used)),
    }
    moved = [parity.familiarity for parity in parities if parity.familiarity is not None]
    if moved and allowed.familiarity < float("inf"):
        bounds["familiarity"] = max(0.0, allowed.familiarity - max(moved))
    return {name: round(value, 6) for name, value in bounds.items()}
