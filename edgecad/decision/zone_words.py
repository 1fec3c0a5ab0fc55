"""The uncertain zone in words, the same on a terminal, in a report and on a model card."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.decision.evidence import Share
from edgecad.decision.evidence_table import threshold_words
from edgecad.decision.zone import Zone, ZoneShares, least_patients, share_words

NOT_SAID = "none: the contract says nothing of it"

ZONE = "uncertain zone"
"""Name of the first row."""
Row = tuple[str, str]


def zone_rows(zone: Zone | None, words: str | None, threshold: float, positive: str) -> tuple[Row, ...]:
    """Name and value of all that is known of a model's zone, how the test part fares with it among that.

    Args:
        zone, words, threshold: of the contract's decision.
        positive: name of the positive class.
    """
    if zone is None:
        return ((ZONE, words or NOT_SAID),)
    tested = () if zone.test is None else share_rows(zone.test, positive)
    return (
        (ZONE, f"a score from {bounds_words(zone.low, zone.high)}: {zone.why(positive)}"),
        *_widened(zone, threshold),
        ("what it promises", words or zone.claim()),
        ("it takes", f"{least_patients(zone.alpha)} {zone.part} patients of each class, for {share_words(zone.alpha)}"),
        *((f"test part, {name}", text) for name, text in tested),
    )


def share_rows(shares: ZoneShares, positive: str) -> Iterator[Row]:
    """Name and value of how patients fare who did not set the zone, with 95 % Clopper-Pearson intervals."""
    yield "uncertain", _with_counts(shares.uncertain)
    yield f"{positive}, not on the wrong side", _with_counts(shares.cad)
    yield "other, not on the wrong side", _with_counts(shares.other)
    yield "wrong label among the clear", _with_counts(shares.clear_wrong)


def bounds_words(low: float, high: float) -> str:
    """`0.3261 to 0.7348`."""
    return f"{threshold_words(low)} to {threshold_words(high)}"


def _widened(zone: Zone, threshold: float) -> tuple[Row, ...]:
    low, high = zone.at(threshold)
    if (low, high) == (zone.low, zone.high):
        return ()
    words = f"to {bounds_words(low, high)}, because the threshold {threshold_words(threshold)} lies outside of it"
    return (("widened", words),)


def _with_counts(share: Share | None) -> str:
    return "none of them" if share is None else f"{share.with_interval}, {share.count} of {share.n}"
