"""Drawn pictures that are no map: how many are answered, by kind, family and part, over several trainings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgecad_train.phantoms.nonmaps import BUILDING, KEPT, UNTELLABLE, NonMap, shown
from measures.nonmaps.judges import Judge, PictureVerdict, judges
from measures.nonmaps.options import NonMapsOptions, Part
from measures.nonmaps.rates import ShareRow, share_over

PARTS: dict[Part, tuple[NonMap, ...]] = {"building": BUILDING, "kept": KEPT, "untellable": UNTELLABLE}
OFTEN = 0.25
PAINTED = "overlay"
"""Code of the finding that lines or letters were painted over."""
BARS = {"kept kinds, answered": 0.03, "kept kinds, one kind": OFTEN}
"""What is held to."""


class NonMapRow(msgspec.Struct, frozen=True):
    """One kind, over all trainings.

    Attributes:
        answered: the same pictures for every training; the interval is about pictures.
        painted: of the answered, how many say that lines or letters were painted over.
        largest: score of the positive class.
        reasons: of refusals.
    """

    kind: str
    family: str
    part: str
    answered: ShareRow
    painted: int
    largest: float | None
    reasons: dict[str, int]


class NonMapsFound(msgspec.Struct, frozen=True):
    """All kinds.

    Attributes:
        parts: over the kinds of each part; untellable ones are told and held to nothing.
        unsaid: the same without the answers that say that lines or letters were painted over.
        families: the same of each family, of the kinds for building and of those kept.
        each: share answered of each model, by part.
        often: kinds that are answered more often than one time in four.
        reasons: of refusals, by part.
    """

    data: str
    models: tuple[str, ...]
    pictures: int
    bars: dict[str, float]
    parts: tuple[ShareRow, ...]
    unsaid: tuple[ShareRow, ...]
    families: tuple[ShareRow, ...]
    each: dict[str, tuple[float, ...]]
    often: dict[str, tuple[str, ...]]
    reasons: dict[str, dict[str, int]]
    rows: tuple[NonMapRow, ...]


@dataclass(frozen=True)
class _Judged:
    """A kind, and what each model said of each of its pictures, `verdicts[model][picture]`."""

    kind: NonMap
    part: Part
    verdicts: tuple[tuple[PictureVerdict, ...], ...]

    @property
    def answers(self) -> list[PictureVerdict]:
        return [one for own in self.verdicts for one in own if not one.reason]

    @property
    def painted(self) -> int:
        return sum(PAINTED in answer.findings for answer in self.answers)

    @property
    def trials(self) -> int:
        return sum(map(len, self.verdicts))


def answered(options: NonMapsOptions) -> NonMapsFound:
    """Show every model every picture."""
    kinds = [(kind, part) for part in options.parts for kind in PARTS[part][:: options.kinds]]
    names, said = [], []
    for judge in judges(options):
        names.append(judge.name)
        said.append([_verdicts(judge, kind, options.pictures) for kind, _ in kinds])
        own = [_Judged(kind, part, (one,)) for (kind, part), one in zip(kinds, said[-1], strict=True)]
        print(f"{judge.name}: {'; '.join(row.words() for row in _parts(own))}", flush=True)
    judged = [
        _Judged(kind, part, tuple(own[number] for own in said)) for number, (kind, part) in enumerate(kinds)
    ]  # fmt: skip
    found = _summary(judged, names, options)
    _print(found)
    return found


def _verdicts(judge: Judge, kind: NonMap, pictures: int) -> tuple[PictureVerdict, ...]:
    drawn = (shown(kind, seed) for seed in range(pictures))
    return tuple(judge(picture.file(), picture.table if picture.given else None) for picture in drawn)


def _summary(judged: Sequence[_Judged], names: Sequence[str], options: NonMapsOptions) -> NonMapsFound:
    parts = list(dict.fromkeys(one.part for one in judged))
    rows = tuple(_row(one) for one in judged)
    return NonMapsFound(
        data="drawings, and maps of PHANTOMS",
        models=tuple(names),
        pictures=options.pictures,
        bars=BARS,
        parts=_parts(judged),
        unsaid=tuple(_unsaid(part, [one for one in judged if one.part == part]) for part in parts),
        families=_families(judged),
        each={part: _each([one for one in judged if one.part == part], len(names)) for part in parts},
        often={part: tuple(r.kind for r in rows if r.part == part and r.answered.share > OFTEN) for part in parts},
        reasons={part: _reasons(one for one in judged if one.part == part) for part in parts},
        rows=rows,
    )


def _row(one: _Judged) -> NonMapRow:
    by_picture = list(zip(*one.verdicts, strict=True))
    hits = [sum(not verdict.reason for verdict in own) for own in by_picture]
    return NonMapRow(
        kind=one.kind.name,
        family=one.kind.family,
        part=one.part,
        answered=share_over(one.kind.name, hits, [len(own) for own in by_picture]),
        painted=one.painted,
        largest=max((answer.score for answer in one.answers if answer.score is not None), default=None),
        reasons=_reasons([one]),
    )


def _share(name: str, judged: Sequence[_Judged]) -> ShareRow:
    return share_over(name, [len(one.answers) for one in judged], [one.trials for one in judged])


def _unsaid(name: str, judged: Sequence[_Judged]) -> ShareRow:
    return share_over(name, [len(one.answers) - one.painted for one in judged], [one.trials for one in judged])


def _parts(judged: Sequence[_Judged]) -> tuple[ShareRow, ...]:
    parts = dict.fromkeys(one.part for one in judged)
    return tuple(_share(part, [one for one in judged if one.part == part]) for part in parts)


def _families(judged: Sequence[_Judged]) -> tuple[ShareRow, ...]:
    named = dict.fromkeys((one.kind.family, one.part) for one in judged if one.part != "untellable")
    return tuple(
        _share(f"{family}, {part}", [one for one in judged if (one.kind.family, one.part) == (family, part)])
        for family, part in named
    )


def _each(judged: Sequence[_Judged], models: int) -> tuple[float, ...]:
    return tuple(
        float(np.mean([not verdict.reason for one in judged for verdict in one.verdicts[model]]))
        for model in range(models)
    )  # fmt: skip


def _reasons(judged: Iterable[_Judged]) -> dict[str, int]:
    counted = Counter(one.reason for each in judged for own in each.verdicts for one in own if one.reason)
    return dict(counted.most_common())


def _print(found: NonMapsFound) -> None:
    """Kinds kept for judging are named where they miss the bar alone: who reads on would build on them."""
    for row in found.rows:
        if row.answered.hits and (row.part != "kept" or row.kind in found.often["kept"]):
            painted = f", {row.painted} of them painted over" if row.painted else ""
            print(f"{row.part}, {row.family}, {row.answered.words()}{painted}, score up to {row.largest:.2f}")
    for share in (*found.families, *found.parts):
        print(share.words())
    for share in found.unsaid:
        print(f"{share.words()}, and do not say that something was painted over")
    for part, reasons in found.reasons.items():
        print(f"{part}: {len(found.often[part])} kinds over {OFTEN:.0%}; models {found.each[part]}; refused {reasons}")
