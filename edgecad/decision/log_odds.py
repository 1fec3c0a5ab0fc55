"""Probabilities and their log-odds, of plain numbers."""

from __future__ import annotations

import math


def log_odds_from(probability: float) -> float:
    """Of a probability above 0 and below 1."""
    return math.log(probability) - math.log1p(-probability)


def probability_from(log_odds: float) -> float:
    """The probability of these log-odds, 0 to 1; without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    power = math.exp(log_odds)
    return power / (1 + power)
