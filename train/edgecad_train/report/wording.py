"""Figures and names as a page prints them."""

from __future__ import annotations

import re

METRICS = {
    "sensitivity_cad": "sensitivity for CAD",
    "specificity_cad": "specificity",
    "ppv_cad": "positive predictive value",
    "npv_cad": "negative predictive value",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "area under the ROC curve",
    "auc_bootstrap": "area under the ROC curve, bootstrap",  # of older runs
    "brier": "Brier score (0 is perfect)",
    "f1_cad": "F1 of CAD",
    "macro_sensitivity": "macro sensitivity",
    "macro_precision": "macro precision",
    "macro_f1": "macro F1",
}
TRAINS = {
    "head": "the head",
    "top": "the head and the top blocks",
    "after-first": "all but the first layers",
    "everything": "all layers",
}
STEPS = {
    "frozen": "frozen part, run once",
    "search": "head search",
    "explain": "scores and heat maps",
    "familiarity": "how like each other the training scans are",
}
"""Steps of a run by their name in run.json; stages are called as they are."""
NONE = "\N{EN DASH}"
Row = tuple[str, str]
"""A name and its value."""


def three(value: float | None) -> str:
    """Three decimals, a true minus sign, a dash for nothing."""
    return NONE if value is None else true_minus(f"{value:.3f}")


def signed(value: float) -> str:
    """Three decimals with their sign, a true minus sign; no sign for what rounds to zero."""
    words = true_minus(f"{value:+.3f}")
    return words[1:] if not words.strip("+\N{MINUS SIGN}0.") else words


def true_minus(text: str) -> str:
    """A number's text with a true minus sign."""
    return text.replace("-", "\N{MINUS SIGN}")


def with_minus(text: str) -> str:
    """Words with true minus signs before negative numbers; what joins two numbers or words stays."""
    return re.sub(r"(?<![^\s(])-(?=[\d.])", "\N{MINUS SIGN}", text)


def tenth(value: float) -> str:
    """One decimal, thousands apart."""
    return f"{value:,.1f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float) -> str:
    """A share, 0 to 1, in percent with two decimals."""
    return f"{share:.2%}"


def whole(share: float) -> str:
    """A share, 0 to 1, in whole percent."""
    return f"{share:.0%}"


def rate(value: float) -> str:
    """A learning rate: `1e-04`."""
    return f"{value:.3g}" if value >= 0.1 else re.sub(r"\.?0*e", "e", f"{value:.2e}")


def minute(created: str) -> str:
    """A UTC time of ISO 8601 to the minute, without its T."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*(?:\+00:00|Z)$", r"\1 \2 UTC", created)


def metric(name: str) -> str:
    """A figure's name for people."""
    return METRICS.get(name, name.replace("_", " "))


def trains(part: str) -> str:
    """What a stage trains, for people."""
    return TRAINS.get(part, part)
