"""Claims in words: whether a strategy is better, and whether the trained networks differ. Nothing else is concluded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad.contract import NO_NETWORK
from edgecad_train.evaluation.claims.networks import NetworkPair
from edgecad_train.evaluation.claims.strategies import MayBeBest
from edgecad_train.study.results.claims import StudyClaims, reference_rows
from edgecad_train.study.results.comparisons import Difference
from edgecad_train.study.results.grid import grid
from edgecad_train.study.results.study_table import StudyTable

STRATEGIES = "## Is a strategy better?"
NETWORKS = "## Do the trained networks differ?"
SEEN = "seen 8 times in 10 from"
LARGEST, TOO_LARGE = 1.0, "more than there can be"
"""That two areas can differ by, and what is said of more."""
MOST_NAMES = 6
"""Rows that a cell names; more are counted."""


def strategies_section(table: StudyTable) -> str:
    """Heading, what it is about, a line a row, and what follows."""
    parts = [STRATEGIES, _about_strategies(table), _strategy_lines(table)]
    return "\n\n".join(part for part in (*parts, _bullets(strategy_sentences(table))) if part)


def networks_section(table: StudyTable) -> str:
    """The same of the networks as they are."""
    parts = [NETWORKS, _about_networks(table), _network_lines(table)]
    return "\n\n".join(part for part in (*parts, _bullets(network_sentences(table))) if part)


def verdicts(table: StudyTable) -> tuple[str, ...]:
    """The same sentences for the terminal; none where there is one row only."""
    if sum(bool(row.runs) for row in table.rows) < 2:
        return ()
    told = [f"strategies: {line}" for line in strategy_sentences(table)]
    return (*told, *(f"networks: {line}" for line in network_sentences(table)))


def row_name(table: StudyTable, place: int) -> str:
    """Strategy or method, and the network where there are several."""
    row = table.rows[place]
    several = len({own.backbone for own in table.rows} - {NO_NETWORK}) > 1 and row.backbone != NO_NETWORK
    return f"{row.backbone}, {row.variant}" if several else row.variant


def p_words(p_value: float | None) -> str:
    """Three digits, and never nought."""
    if p_value is None:
        return "no test"
    return "< .001" if p_value < 0.001 else f"{p_value:.3f}"


def seen_words(smallest: float | None) -> str:
    """The smallest difference that would have been seen."""
    if smallest is None:
        return "not known"
    return f"{smallest:.3f}" if smallest < LARGEST else TOO_LARGE


def signed(difference: Difference | None) -> str:
    """A difference and its interval."""
    if difference is None:
        return ""
    return _between(difference.value, difference.low, difference.high)


def _between(value: float, low: float, high: float) -> str:
    if value != value:
        return "none"
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


# --- strategies ---


def _about_strategies(table: StudyTable) -> str:
    claims = table.claims
    if claims.best is None:
        return ""
    count = len(claims.against)
    lines = [
        f"Were they trained again and judged on other patients: {len(claims.rows)} rows over {len(claims.runs)} runs "
        f"({', '.join(claims.runs)}). Intervals hold what other patients and another training would change.",
        f"The reference was named before the study began: {table.study.spec.reference}.",
        f"Intervals and p-values are adjusted over all {count} comparisons with a reference (max-T); they hold "
        "together at the 95 % level. Which rows may be the best is judged over all pairs of these rows."
        if count
        else "Which rows may be the best is judged over all pairs of these rows.",
        f'"{SEEN}": the smallest true difference that would have been claimed in 8 of 10 such studies.',
    ]
    return " ".join(lines)


def _strategy_lines(table: StudyTable) -> str:
    best = table.claims.best
    if best is None:
        return ""
    heads = ["network", "strategy or method", f"AUC less {table.study.spec.reference}'s (95 %, together)",
             "p, adjusted", SEEN, "may be the best", f"less than the highest: {SEEN}"]  # fmt: skip
    return grid(heads, [_strategy_cells(table, best, number) for number in range(len(table.claims.rows))])


def _strategy_cells(table: StudyTable, best: MayBeBest, number: int) -> list[str]:
    claims = table.claims
    place = claims.rows[number]
    row = table.rows[place]
    found = next((own for own in claims.against if own.row == number), None)
    if found is None:
        known = reference_rows(table.study, table.rows).get(place) == place
        cells = ["reference" if known else "no reference", "", ""]
    else:
        cells = [_between(found.value, found.low, found.high), p_words(found.p_value), seen_words(found.smallest)]
    kept = number in best.rows
    highest = number == best.highest
    return [row.backbone, row.variant, *cells, "yes" if kept else "no, shown to be worse",
            "highest" if highest else seen_words(best.smallest[number])]  # fmt: skip


def strategy_sentences(table: StudyTable) -> tuple[str, ...]:
    """What follows about strategies, and nothing more."""
    claims = table.claims
    if claims.no_claims:
        return (f"nothing is claimed: {claims.no_claims}",)
    if claims.best is None:
        return (f"nothing is claimed about strategies: {claims.no_strategies}",)
    return (*_of_references(table), _of_the_best(table, claims.best), *_of_those_left_out(table))


def _of_references(table: StudyTable) -> Iterator[str]:
    claims, name = table.claims, table.study.spec.reference
    if not claims.against:
        yield f"no row is compared with a reference: {name} has no other row beside it on the same network"
        return
    for word, sign in (("better", 1), ("worse", -1)):
        shown = [
            row_name(table, claims.rows[own.row]) for own in claims.against if own.claimed and sign * own.value > 0
        ]
        if shown:
            yield f"shown to be {word} than {name} on the same network: {'; '.join(shown)}"
    open_ones = [own for own in claims.against if not own.claimed]
    if len(open_ones) == len(claims.against):
        yield f"no row is shown to differ from {name}; {_range_seen([own.smallest for own in open_ones])}"
    elif open_ones:
        names = "; ".join(row_name(table, claims.rows[own.row]) for own in open_ones)
        yield f"not shown to differ from {name}: {names}; {_range_seen([own.smallest for own in open_ones])}"


def _of_the_best(table: StudyTable, best: MayBeBest) -> str:
    claims = table.claims
    if len(best.rows) == len(claims.rows):
        seen = [own for number, own in enumerate(best.smallest) if number != best.highest]
        return f"no row is shown to be better than another; {_range_seen(seen)}"
    names = [row_name(table, claims.rows[number]) for number in best.rows]
    if len(names) == 1:
        return (
            f"{names[0]} is shown to be better than every other row; picked on these patients, its figures are too good"
        )
    struck = [row_name(table, place) for number, place in enumerate(claims.rows) if number not in best.rows]
    return f"any of these may be the best: {'; '.join(names)}; shown to be worse: {'; '.join(struck)}"


def _range_seen(smallest: Sequence[float | None], by: str = "row") -> str:
    """How large a difference had to be."""
    known = sorted(own for own in smallest if own is not None)
    if not known:
        return "no variance was seen, so that it is not known what difference would have been"
    if known[0] >= LARGEST:
        return "no difference in AUC would have been seen 8 times in 10, however large"
    told = seen_words(known[0]) if known[0] == known[-1] else f"{known[0]:.3f} to {seen_words(known[-1])}, by {by},"
    return f"a difference in AUC of {told} would have been seen 8 times in 10"


def _of_those_left_out(table: StudyTable) -> Iterator[str]:
    if table.claims.left_out:
        names = "; ".join(row_name(table, place) for place in table.claims.left_out)
        yield f"left out, because they share too few runs with the others: {names}"


# --- networks ---


def _about_networks(table: StudyTable) -> str:
    claims = table.claims
    if not claims.networks and not claims.accuracy:
        return ""
    lines = ["The networks of each row as they are, on other patients. This says which of them to deliver, and not "
             "how to train the next: another training may turn the order round."]  # fmt: skip
    if claims.networks:
        lines.append(
            f"AUC: DeLong's paired test with the patient as the unit, over {len(claims.runs)} "
            f"run{'s' if len(claims.runs) > 1 else ''}; p-values are adjusted over all {len(claims.networks)} pairs "
            "of rows (Holm). Every pair is in pairs.csv."
        )
    if claims.accuracy:
        lines.append(
            f"Accuracy: {'; '.join(_accuracy_methods(table))}; p-values are adjusted over all {len(claims.accuracy)} "
            "rows (Holm), intervals are not."
        )
    return " ".join(lines)


def _accuracy_methods(table: StudyTable) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.against.accuracy.method for row in table.rows if row.against))


def _network_lines(table: StudyTable) -> str:
    claims = table.claims
    if not claims.networks and not claims.accuracy:
        return ""
    heads = ["network", "strategy or method", "AUC, these runs", "higher than", "lower than", SEEN,
             f"accuracy less {table.study.spec.reference}'s (95 %, alone)", "p, adjusted"]  # fmt: skip
    return grid(heads, [_network_cells(table, place) for place, row in enumerate(table.rows) if row.runs])


def _network_cells(table: StudyTable, place: int) -> list[str]:
    row, claims = table.rows[place], table.claims
    against = row.against.accuracy if row.against else None
    p_value = [p_words(claims.accuracy.get(place)) if against else ""]
    return [row.backbone, row.variant, *_order_cells(table, place), signed(against), *p_value]


def _order_cells(table: StudyTable, place: int) -> list[str]:
    claims = table.claims
    if claims.areas is None or place not in claims.rows:
        return ["", "", "", ""]
    number = claims.rows.index(place)
    area = f"{claims.areas.means[number]:.3f}"
    higher, lower = ([claims.rows[own] for own in side] for side in beaten(claims, number))
    known = sorted(own.smallest for own in _of(claims, number) if own.smallest is not None)
    seen = f"{known[0]:.3f} to {known[-1]:.3f}" if known else seen_words(None)
    return [area, _names(table, higher), _names(table, lower), seen]


def _of(claims: StudyClaims, number: int) -> list[NetworkPair]:
    return [own for own in claims.networks if number in (own.one, own.other)]


def beaten(claims: StudyClaims, number: int) -> tuple[list[int], list[int]]:
    """Rows whose networks are shown to rank patients less well than this row's, and better, in the claims' counting."""
    higher: list[int] = []
    lower: list[int] = []
    for own in _of(claims, number):
        mine = own.value if own.one == number else -own.value
        if own.claimed and mine:
            (higher if mine > 0 else lower).append(own.other if own.one == number else own.one)
    return higher, lower


def _names(table: StudyTable, places: Sequence[int]) -> str:
    if len(places) > MOST_NAMES:
        return f"{len(places)} rows"
    return "; ".join(row_name(table, place) for place in places) or "none"


def network_sentences(table: StudyTable) -> tuple[str, ...]:
    """What follows about the networks as they are."""
    claims = table.claims
    if not claims.networks:
        return ()
    count = sum(own.claimed for own in claims.networks)
    of = f"{len(claims.networks)} pair{'s' if len(claims.networks) > 1 else ''}"
    if not count:
        seen = _range_seen([own.smallest for own in claims.networks], "pair")
        return (f"as trained here, no network is shown to differ from another ({of}); {seen}",)
    return (f"as trained here, the networks of {count} of {of} are shown to differ; another training may change that",)


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line[:1].upper()}{line[1:]}." for line in lines)
