"""What came of a recalibration, for people: lines of the terminal, and rows of the report."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad_train.evaluation.recalibration.judging import RecalibrationJudged


def recalibration_rows(judged: RecalibrationJudged) -> tuple[tuple[str, str], ...]:
    """Name and value of all that came of it."""
    return (("recalibration", sentence_of(judged)),)


def recalibration_lines(judged: RecalibrationJudged) -> Iterator[str]:
    """The same for the terminal."""
    yield f"recalibration: {sentence_of(judged)}"


def sentence_of(judged: RecalibrationJudged) -> str:
    """What was done, in one sentence."""
    if judged.intercept is None or judged.slope is None:
        return f"none: {judged.reason}"
    return f"intercept {judged.intercept:+.3f} and slope {judged.slope:.3f}, of {judged.patients} patients"
