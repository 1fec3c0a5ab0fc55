"""Fresh phantoms over tables, sizes and layouts, severe ones and disease of three vessels, and the one real map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from measures.nonmaps.judges import Judge, PictureVerdict, judges
from measures.nonmaps.options import NonMapsOptions
from measures.nonmaps.rates import ShareRow, share_over
from measures.uptake.fresh import ARTERIES, FreshScreen, fresh_screens

BARS = {"refused, median over trainings": 0.02}
REAL = ("scan.jpg", "scan_sc.dcm")
"""The one real map's files."""


class MapRefusal(msgspec.Struct, frozen=True):
    """A map that a model refused."""

    model: str
    scan: str
    layout: str
    table: str
    severe: bool
    vessels: int
    reason: str
    message: str


class MapsFound(msgspec.Struct, frozen=True):
    """All maps and models.

    Attributes:
        refused: median over the models.
        each: refused by each model; the interval is about phantoms.
        reasons: median over the models of the phantoms refused for each reason.
        strata: refused over all models, among the severe, those with defects in three territories, and the others.
        real: of each of its files, what each model said: a refusal's reason, or its score.
    """

    data: str
    models: tuple[str, ...]
    phantoms: int
    bars: dict[str, float]
    refused: float
    each: tuple[ShareRow, ...]
    reasons: dict[str, float]
    strata: tuple[ShareRow, ...]
    real: dict[str, tuple[str | float, ...]]
    rows: tuple[MapRefusal, ...]


def maps(options: NonMapsOptions) -> MapsFound:
    """Show every model every phantom, and the real map."""
    screens = fresh_screens(options.fresh)
    names, said, real = [], [], []
    for judge in judges(options):
        names.append(judge.name)
        said.append([_verdict(judge, screen) for screen in screens])
        real.append(_real(judge, options.real))
        print(f"{_refused(judge.name, said[-1]).words()} refused; real {real[-1]}", flush=True)
    rows = [
        _row(name, screen, verdict)
        for name, own in zip(names, said, strict=True)
        for screen, verdict in zip(screens, own, strict=True)
        if verdict.reason
    ]
    each = tuple(_refused(name, own) for name, own in zip(names, said, strict=True))
    found = MapsFound(
        data=f"{options.fresh} PHANTOMS",
        models=tuple(names),
        phantoms=options.fresh,
        bars=BARS,
        refused=float(np.median([row.share for row in each])),
        each=each,
        reasons=_reasons(said),
        strata=_strata(screens, said),
        real={name: tuple(own[name] for own in real) for name in (real[0] if real else ())},
        rows=tuple(rows),
    )
    _print(found)
    return found


def _verdict(judge: Judge, screen: FreshScreen) -> PictureVerdict:
    return judge(screen.file(), screen.table if screen.given else None, screen.layout.maps)


def _real(judge: Judge, folder: Path) -> dict[str, str | float]:
    files = [folder / name for name in REAL if (folder / name).is_file()]
    said = {file.name: judge(file.read_bytes()) for file in files}
    return {name: one.reason if one.score is None else one.score for name, one in said.items()}


def _refused(name: str, said: Sequence[PictureVerdict]) -> ShareRow:
    return share_over(name, [bool(one.reason) for one in said], [1] * len(said))


def _reasons(said: Sequence[Sequence[PictureVerdict]]) -> dict[str, float]:
    counted = [Counter(one.reason for one in own if one.reason) for own in said]
    reasons = dict.fromkeys(reason for own in counted for reason in own)
    return {reason: float(np.median([own[reason] for own in counted])) for reason in reasons}


def _strata(screens: Sequence[FreshScreen], said: Sequence[Sequence[PictureVerdict]]) -> tuple[ShareRow, ...]:
    hits = [sum(bool(own[number].reason) for own in said) for number in range(len(screens))]
    three = [screen.vessels == ARTERIES for screen in screens]
    named = {
        "severe": [screen.severe for screen in screens],
        "three vessels": three,
        "neither": [not (screen.severe or own) for screen, own in zip(screens, three, strict=True)],
    }
    return tuple(
        share_over(name, [own for own, inside in zip(hits, belongs, strict=True) if inside], [len(said)] * sum(belongs))
        for name, belongs in named.items()
    )


def _row(name: str, screen: FreshScreen, verdict: PictureVerdict) -> MapRefusal:
    return MapRefusal(
        name, screen.patient.patient, f"{screen.layout.name} {screen.layout.diameter}", screen.drawn.name,
        screen.severe, screen.vessels, verdict.reason, verdict.message,
    )  # fmt: skip


def _print(found: MapsFound) -> None:
    for row in found.rows:
        kind = f"{'severe, ' if row.severe else ''}{row.vessels} vessels"
        print(f"{row.model}, {row.scan}, {row.layout}, {row.table}, {kind}: {row.message}")
    for share in found.strata:
        print(f"{share.words()} refused")
    print(
        f"{found.refused:.1%} refused in the median of {len(found.models)} models; {found.reasons}; real {found.real}"
    )
