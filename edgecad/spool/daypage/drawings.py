"""Icons, score bars and the histogram as SVG, black on white; the shape says the answer before any colour does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgecad.picture.colours import RAISED, Colour
from edgecad.spool.daypage.words import State, shown

AMBER_ON_WHITE = "#{:02x}{:02x}{:02x}".format(*RAISED)
BLUE_ON_WHITE: Colour = (32, 96, 192)
"""The picture's blue, darker: on white it must stand out as its own does on black."""
BLUE = "#{:02x}{:02x}{:02x}".format(*BLUE_ON_WHITE)
INK, GREY, HATCH = "#15171a", "#565b63", "url(#hatch)"
_BOX = '<rect x="2" y="2" width="20" height="20" fill="#fff" stroke="#15171a" stroke-width="2"/>'
_DOWN = '<path d="M7 9h10l-5 8z" fill="none" stroke="{0}" stroke-width="1.6"/>'
_DIAMOND = (
    '<path d="M12 1v22l11-11z" fill="{0}"/><path d="M12 1 23 12 12 23 1 12z" fill="none" stroke="#15171a" '
    'stroke-width="1.6"{1}/><path d="M9 10a3 3 0 1 1 4 2.5q-1 .5-1 2" fill="none" stroke="#fff" stroke-width="4"/>'
    '<path d="M9 10a3 3 0 1 1 4 2.5q-1 .5-1 2m0 2v2" fill="none" stroke="#15171a" stroke-width="1.8"/>'
)
SYMBOLS: dict[str, str] = {
    "above": f'<rect x="1" y="1" width="22" height="22" fill="{AMBER_ON_WHITE}"/><path d="M12 5l8 14H4z"/>',
    "above-doubted": (
        f'<rect x="2" y="2" width="20" height="20" fill="{HATCH}" stroke="{INK}" stroke-width="1.6"/>'
        '<path d="M12 6l7 12H5z" stroke="#fff" stroke-width="2" paint-order="stroke"/>'
    ),
    "below": f'<circle cx="12" cy="12" r="10" fill="#fff" stroke="{BLUE}" stroke-width="2"/>{_DOWN.format(BLUE)}',
    "below-doubted": (
        f'<circle cx="12" cy="12" r="10" fill="#fff" stroke="{INK}" stroke-width="2" stroke-dasharray="4 2.3"/>'
        f"{_DOWN.format(INK)}"
    ),
    "uncertain": _DIAMOND.format("#c4c8ce", ""),
    "uncertain-doubted": _DIAMOND.format(HATCH, ' stroke-dasharray="3 1.5"'),
    "refused": f'{_BOX}<path d="M7 7l10 10M17 7L7 17" stroke="{INK}" stroke-width="2.6"/>',
    "failed": f'{_BOX}<path d="M12 6v8m0 2v2.4" stroke="{INK}" stroke-width="2.6"/>',
    "copy": (
        f'<rect x="2" y="2" width="14" height="14" fill="none" stroke="{GREY}" stroke-width="1.6"/>'
        f'<rect x="8" y="8" width="14" height="14" fill="#fff" stroke="{GREY}" stroke-width="1.6"/>'
    ),
}
"""Icons by state, in a box of 24; `doubted` are those of answers that were forced, or of a model that is unproven."""
BAR_WIDE, EDGE = 300, 6
"""Of a score bar and its ends, units."""
HIGH = 44
"""Of the histogram's highest column."""


def symbols() -> str:
    """All icons and the hatching, to be used below; nothing is seen of them here."""
    icons = "".join(f'<symbol id="i-{name}" viewBox="0 0 24 24">{drawn}</symbol>' for name, drawn in SYMBOLS.items())
    hatch = (
        '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="5" height="5" fill="#fff"/><path d="M1 0v5" stroke="#565b63" stroke-width="1.7"/></pattern>'
    )
    return f'<svg width="0" height="0" class="defs" aria-hidden="true"><defs>{hatch}</defs>{icons}</svg>'


def icon(state: State, *, trusted: bool = True) -> str:
    """One icon, by its symbol."""
    doubted = not trusted and state in ("above", "below", "uncertain")
    return f'<svg class="icon" aria-hidden="true"><use href="#i-{state}{"-doubted" if doubted else ""}"/></svg>'


def score_bar(score: float, threshold: float, zone: tuple[float, float] | None, *, trusted: bool) -> str:
    """Scores from 0 to 1: hollow below, filled above, hatched where they are uncertain; a line, and a needle."""
    low, high = (_at(edge) for edge in (zone or (threshold, threshold)))
    at, needle = _at(threshold), _at(score)
    filled, edge = (AMBER_ON_WHITE, BLUE) if trusted else ("#b4b8be", GREY)
    zoned = "" if zone is None else f'<rect x="{low}" y="13" width="{_wide(low, high)}" height="11" fill="{HATCH}"/>'
    return (
        f'<svg class="bar" viewBox="0 0 {BAR_WIDE} 30" aria-hidden="true"><rect x="{EDGE}" y="13.5" '
        f'width="{_wide(EDGE, low)}" height="10" fill="#fff" stroke="{edge}"/><rect x="{high}" y="13" '
        f'width="{_wide(high, BAR_WIDE - EDGE)}" height="11" fill="{filled}" fill-opacity=".7"/>{zoned}'
        f'<path d="M{at} 9v19" stroke="{INK}" stroke-width="2"/>'
        f'<path d="M{needle} 4v21m-1-16-5-7h12l-5 7" fill="{INK}" stroke="{INK}" stroke-width="2"/></svg>'
    )


def histogram(scores: Sequence[int], thresholds: Iterable[float]) -> str:
    """Answers by score, in columns from 0 to 1, and the thresholds as broken lines."""
    most, wide = max(*scores, 1), (BAR_WIDE - 2 * EDGE) / len(scores)
    columns = "".join(
        f'<rect x="{EDGE + wide * place:.1f}" y="{8 + HIGH - HIGH * count / most:.1f}" width="{wide - 1:.1f}" '
        f'height="{HIGH * count / most:.1f}"/>'
        for place, count in enumerate(scores)
        if count
    )
    lines = "".join(f'<path d="M{_at(each)} 0v{12 + HIGH}" stroke-dasharray="4 3"/>' for each in thresholds)
    return (
        f'<svg class="histogram" viewBox="0 0 {BAR_WIDE} {26 + HIGH}" role="img" aria-label="histogram of scores">'
        f'<g fill="{GREY}">{columns}</g><path d="M{EDGE} {8.5 + HIGH}H{BAR_WIDE - EDGE}" stroke="{INK}"/>'
        f'<g stroke="{INK}" stroke-width="2">{lines}</g><g font-size="12"><text x="{EDGE}" y="{22 + HIGH}">0</text>'
        f'<text x="{BAR_WIDE - EDGE}" y="{22 + HIGH}" text-anchor="end">1</text></g></svg>'
    )


def thresholds_in_words(thresholds: Iterable[float]) -> str:
    """Thresholds for people, escaped."""
    return ", ".join(dict.fromkeys(shown(f"{each:.4g}" if 0 < each < 1 else str(each)) for each in thresholds))


def _at(score: float) -> float:
    """Where a score from 0 to 1 lies on a bar, units."""
    return round(EDGE + (BAR_WIDE - 2 * EDGE) * min(max(score, 0.0), 1.0), 1)


def _wide(left: float, right: float) -> float:
    return round(max(right - left, 0.0), 1)
