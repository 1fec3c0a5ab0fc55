"""What was asked of a study, and the units that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from edgecad.contract import Frozen, Origin, Preparation
from edgecad.errors import UsageError
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.partitions import draws
from edgecad_train.study.units import Training, Unit, Weights
from edgecad_train.training.strategies import STRATEGIES, plan_for

Rates = Literal["uniform", "layer-wise", "both"]
"""`both`: every strategy at uniform rates, and two-stage layer-wise as well."""
STUDY = "study.json"
REFERENCE_STRATEGY = "two-stage"
"""What every other strategy is compared with."""


class BackboneAsked(Frozen, frozen=True, kw_only=True):
    """A row of the study: a network, its first weights, and how scans become its input."""

    name: str
    weights: Weights
    preparation: Preparation


class Asked(Frozen, frozen=True, kw_only=True):
    """Everything that was asked for. The same `Asked` gives the same units, in the same order."""

    backbones: tuple[BackboneAsked, ...]
    strategies: tuple[str, ...]
    rates: Rates
    training: Training
    seeds: int
    folds: int | None
    inner_folds: int
    time_plain: bool
    data_sha256: str
    patient_rule: str
    versions: dict[str, str]


class Study(Frozen, frozen=True, kw_only=True):
    """`study.json`: what was asked, and all units by it, those of one backbone together."""

    schema: Literal[2] = 2
    origin: Origin
    asked: Asked
    units: tuple[Unit, ...]

    def __post_init__(self) -> None:
        if len({unit.name for unit in self.units}) != len(self.units):
            raise ValueError("two units of the study have one name")

    @property
    def random_networks(self) -> tuple[str, ...]:
        """Networks without first weights although a strategy wants some."""
        lacking = (
            unit.backbone for unit in self.units if plan_for(unit.strategy).pretrained and not unit.weights.sha256
        )
        return tuple(dict.fromkeys(lacking))

    def rows(self) -> tuple[tuple[str, str, bool], ...]:
        """`(backbone, strategy, layerwise)` of each row of the table, in order."""
        return tuple(dict.fromkeys((unit.backbone, unit.strategy, unit.layerwise) for unit in self.units))


def study_from(asked: Asked, origin: Origin, partitions: Sequence[Split | Folds]) -> Study:
    """Spell the units out.

    Args:
        partitions: one for each of `draws(asked.seeds, asked.folds)`.
    """
    units = tuple(
        _unit(asked, backbone, strategy, layerwise, draw, partition.sha256)
        for backbone in asked.backbones
        for strategy, layerwise in _variants(asked)
        for draw, partition in zip(draws(asked.seeds, asked.folds), partitions, strict=True)
    )
    return Study(origin=origin, asked=asked, units=units)


def _unit(
    asked: Asked, row: BackboneAsked, strategy: str, layerwise: bool, draw: tuple[int, int | None], split_sha256: str
) -> Unit:
    return Unit(
        backbone=row.name,
        weights=row.weights if plan_for(strategy).pretrained else Weights(name="none"),
        strategy=strategy,
        layerwise=layerwise,
        training=asked.training,
        seed=draw[0],
        fold=draw[1],
        inner_folds=asked.inner_folds,
        preparation=row.preparation,
        data_sha256=asked.data_sha256,
        split_sha256=split_sha256,
        versions=asked.versions,
    )


def _variants(asked: Asked) -> Iterator[tuple[str, bool]]:
    """Strategies with and without layer-wise rates, where these make a difference."""
    for strategy in asked.strategies:
        differs = plan_for(strategy, layerwise=True) != plan_for(strategy)
        if asked.rates != "layer-wise" or not differs:
            yield strategy, False
        if differs and (asked.rates == "layer-wise" or (asked.rates == "both" and strategy == REFERENCE_STRATEGY)):
            yield strategy, True


def strategies_named(words: str) -> tuple[str, ...]:
    """Read `all` or a list `a,b`, into the paper's order.

    Raises:
        UsageError: an unknown name, or none.
    """
    names = STRATEGIES if words == "all" else listed(words, "--strategies")
    unknown = [name for name in names if name not in STRATEGIES]
    if unknown:
        raise UsageError(f"no strategy is called {unknown[0]!r}; choose all, or some of: {', '.join(STRATEGIES)}")
    return tuple(name for name in STRATEGIES if name in names)


def rates_named(word: str) -> Rates:
    """Read `--rates`.

    Raises:
        UsageError: it is none of the three.
    """
    for known in get_args(Rates):
        if word == known:
            return known
    raise UsageError(f"--rates {word!r}; choose {', '.join(get_args(Rates))}")


def listed(words: str, option: str) -> tuple[str, ...]:
    """Read `a,b,c`; names given twice count once."""
    names = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    if not names:
        raise UsageError(f"{option} {words!r} names nothing; give names with commas between")
    return names


def study_in(folder: Path) -> Study | None:
    """The study that a folder holds; None where there is none that is whole and of this version."""
    try:
        return msgspec.json.decode((folder / STUDY).read_bytes(), type=Study)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def refuse_used(folder: Path) -> None:
    """See that a folder is new, empty or a study's.

    Raises:
        UsageError: it holds other files, or a study that cannot be read.
    """
    file = folder / STUDY
    if file.is_file():
        if study_in(folder) is None:
            raise UsageError(f"{file} is damaged, or of another version; choose another --out, or remove {folder}")
    elif folder.exists() and (not folder.is_dir() or any(path.name != "locks" for path in folder.iterdir())):
        raise UsageError(f"{folder} is in use and holds no study; choose another --out")


def refuse_other(folder: Path, before: Asked, now: Asked) -> None:
    """See that what a folder was begun with is what is asked for now, or raise `UsageError` with what differs."""
    told = difference(before, now)
    if told is not None:
        raise UsageError(f"{folder} holds another study ({told}); choose another --out, or ask for the same")


def difference(before: Asked, now: Asked) -> str | None:
    """Say in words in what two definitions differ, or None where they do not."""
    told = [
        f"{name} {_short(was)} there, {_short(wanted)} asked for"
        for name, was, wanted in _differing(msgspec.to_builtins(before), msgspec.to_builtins(now), "")
    ]
    return "; ".join(told) if told else None


def _differing(before: Any, now: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*before, *now)):
            yield from _differing(before.get(key), now.get(key), f"{name} {key}".strip())
    elif _named(before) and _named(now):
        yield from _differing(_by_name(before), _by_name(now), name)
    elif before != now:
        yield name, before, now


def _named(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) and "name" in v for v in value)
    )


def _by_name(values: Any) -> dict[str, Any]:
    return {value["name"]: value for value in values}


def _short(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    if isinstance(value, Mapping):
        return "given" if "name" in value else str(dict(value))
    text = str(value)
    return f"{text[:12]}..." if len(text) == 64 and " " not in text else text
