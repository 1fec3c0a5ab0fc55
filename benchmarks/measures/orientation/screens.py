"""Series whose maps are read from screens, each phantom in a colour table of its own."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing
from edgecad.errors import InputRefused
from edgecad.polarmap import TableCandidates
from edgecad.polarmap.orientation import Turn
from edgecad.polarmap.segments import segment_means
from edgecad.preparing import prepare_screen, read_for
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import render_layout, screen_bytes
from measures.orientation.lying import FRESH_SEED, WAYS, Floats, lying, reference_of_run, small
from measures.orientation.options import OrientationOptions
from measures.orientation.rates import OrientationRate, judge_by, rate_of, series_of
from measures.uptake.maps import BARE
from measures.uptake.models import OWN_TABLES, preparation_of
from measures.uptake.score import GIVEN_TABLES

LENGTH = 20
TABLES = (*OWN_TABLES, *GIVEN_TABLES)


class ScreensFound(msgspec.Struct, frozen=True):
    """By orientation; every seed's reference judges the same screens."""

    runs: int
    patients: int
    screens: int
    tables: tuple[str, ...]
    refused: dict[str, int]
    rows: tuple[OrientationRate, ...]


def screens(options: OrientationOptions) -> ScreensFound:
    """Read the same phantoms in each orientation, and judge them in series of 20."""
    refused: Counter[str] = Counter()
    judges = [judge_by(reference_of_run(options, seed)) for seed in range(options.runs)]
    rows = []
    for turn in WAYS:
        means = _read(options.screens, turn, refused)
        found = [judge(series) for judge in judges for series in series_of(means, LENGTH)]
        rows.append(rate_of(str(options.patients), LENGTH, turn, found))
        print(rows[-1].words(), flush=True)
    return ScreensFound(options.runs, options.patients, options.screens, TABLES, dict(refused), tuple(rows))


def _read(count: int, turn: Turn, refused: Counter[str]) -> Floats:
    """Segment means of what was read, `(n, 17)`."""
    found = []
    for index in range(count):
        table = known_table(TABLES[index % len(TABLES)])
        percent = lying(small(percent_map(draw_patient(FRESH_SEED, index))), turn)
        how = preparation_of(Drawing())
        try:
            screen = read_for(how, screen_bytes(render_layout(percent, table, BARE), BARE))
            uptake = prepare_screen(screen, how, candidates=TableCandidates(user=(table,))).uptake
        except InputRefused as refusal:
            refused[refusal.reason] += 1
            continue
        if uptake is not None:
            found.append(segment_means(uptake))
    return np.stack(found)
