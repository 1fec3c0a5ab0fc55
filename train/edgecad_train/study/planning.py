"""From a command's words to a study: scans read and prepared, splits drawn, weights hashed, units named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecad.contract import Preparation
from edgecad.errors import UsageError
from edgecad.extras import require_tensorflow
from edgecad_train.data import (
    DataFinding,
    PreparedData,
    Refusal,
    find_cases,
    findings_about,
    parse_crop,
    preparation_for,
    prepare_cases,
)
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition import Asked, BackboneAsked, Rates, Study, study_from
from edgecad_train.study.partitions import draws, partitions_of
from edgecad_train.study.units import Training, Weights, versions_here
from edgecad_train.training.strategies import plan_for

Reading = Callable[[int, int], None]
SEEDS = 3


@dataclass(frozen=True)
class Wanted:
    """What a user asked for, names checked and nothing read."""

    data: Path
    backbones: tuple[str, ...]
    strategies: tuple[str, ...]
    rates: Rates
    training: Training
    seeds: int | None
    """None: 3, or folds in their place."""
    folds: int | None
    inner_folds: int
    time_plain: bool
    weights: tuple[str, ...]
    patient_from: str | None
    crop: str

    def __post_init__(self) -> None:
        for name in self.backbones:
            backbone_named(name)
        parse_crop(self.crop)
        if self.seeds and self.folds:
            raise UsageError("--seeds and --folds were both given; seeds draw a split each, folds share patients out")
        training = self.training
        for strategy in self.strategies:
            plan_for(strategy, training.lr_exponent, training.warmup_epochs, training.finetune_epochs)


@dataclass(frozen=True)
class Planned:
    """A study and what its units need.

    Attributes:
        study: the definition and its units.
        data: prepared scans by input size.
        partitions: by the name of the part, `seed 0`, ...
        weights_files: first weights by backbone, where there is a file.
        findings: what to know of the data before believing the table.
    """

    study: Study
    data: Mapping[int, PreparedData]
    partitions: Mapping[str, Split | Folds]
    weights_files: Mapping[str, Path]
    findings: tuple[DataFinding, ...] = ()

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Scans that were left out, each once."""
        return tuple({entry.path: entry for data in self.data.values() for entry in data.refused}.values())


def planned(wanted: Wanted, reading: Reading) -> Planned:
    """Read the data and name every unit.

    Raises:
        UsageError: data, weights or names are not what they must be.
        NotAvailable: ImageNet weights are neither here nor to be fetched.
    """
    files = weights_files(wanted)
    found = find_cases(wanted.data, wanted.patient_from)
    crop = parse_crop(wanted.crop)
    sizes = dict.fromkeys(backbone_named(name).size for name in wanted.backbones)
    preparations = {size: preparation_for(crop, size, found.cases) for size in sizes}
    data = {size: prepare_cases(found.cases, preparation, reading) for size, preparation in preparations.items()}
    rows = [_row(name, wanted, files, preparations) for name in wanted.backbones]
    some = _agreeing(data)
    seeds = 1 if wanted.folds else wanted.seeds or SEEDS
    partitions = partitions_of(some.cases, seeds, wanted.folds, wanted.inner_folds)
    study = study_from(_asked(wanted, rows, seeds, some, found.patient_rule), some.origin, partitions)
    names = [f"seed {seed}" if fold is None else f"fold {fold + 1}" for seed, fold in draws(seeds, wanted.folds)]
    return Planned(study, data, dict(zip(names, partitions, strict=True)), files, findings_about(some, {}))


def _row(
    name: str, wanted: Wanted, files: Mapping[str, Path], preparations: Mapping[int, Preparation]
) -> BackboneAsked:
    preparation = preparations[backbone_named(name).size]
    return BackboneAsked(name=name, weights=_weights(name, wanted, files), preparation=preparation)


def _agreeing(data: Mapping[int, PreparedData]) -> PreparedData:
    """Any of the preparations, once they are known to be of the same scans."""
    first, *others = data.values()
    if any(other.sha256 != first.sha256 for other in others):
        sizes = " and ".join(map(str, data))
        raise UsageError(f"at {sizes} pixels other scans are refused; remove those, or study networks of one size")
    return first


def _asked(wanted: Wanted, rows: Sequence[BackboneAsked], seeds: int, data: PreparedData, patient_rule: str) -> Asked:
    return Asked(
        backbones=tuple(rows),
        strategies=wanted.strategies,
        rates=wanted.rates,
        training=wanted.training,
        seeds=seeds,
        folds=wanted.folds,
        inner_folds=wanted.inner_folds,
        time_plain=wanted.time_plain,
        data_sha256=data.sha256,
        patient_rule=patient_rule,
        versions=versions_here(),
    )


# --- first weights ---


def weights_files(wanted: Wanted) -> dict[str, Path]:
    """The file of each backbone's first weights; a backbone without one starts from random weights.

    Raises:
        UsageError: a word that is no choice, or a file that is not there.
    """
    if not any(plan_for(strategy).pretrained for strategy in wanted.strategies):
        return {}
    chosen = _choices(wanted.weights, wanted.backbones)
    files = {name: _file(name, choice) for name, choice in chosen.items()}
    return {name: path for name, path in files.items() if path is not None}


def _choices(words: Sequence[str], backbones: Sequence[str]) -> dict[str, str]:
    """`imagenet`, `none` or a file for each backbone, from words that are for all or `NAME=` for one."""
    chosen: dict[str, str] = {}
    for word in words:
        name, equals, choice = word.partition("=")
        if equals and name in backbones:
            chosen[name] = choice
        elif word in ("imagenet", "none") or len(backbones) == 1:
            chosen = dict.fromkeys(backbones, word) | chosen
        else:
            raise UsageError(
                f"--weights {word}: for which network? Give NAME={name}, NAME one of {', '.join(backbones)}"
            )
    missing = [name for name in backbones if name not in chosen]
    if missing:
        raise UsageError(f"no --weights for {', '.join(missing)}; give imagenet, none, or {missing[0]}=FILE")
    return chosen


def _file(backbone: str, choice: str) -> Path | None:
    if choice == "none":
        return None
    if choice == "imagenet":
        require_tensorflow(extra="train")
        from edgecad_train.networks.weights import imagenet_file

        return imagenet_file(backbone_named(backbone))
    if not Path(choice).is_file():
        raise UsageError(f"no weights file at {choice}; give --weights imagenet, none, or an existing file")
    return Path(choice)


def _weights(backbone: str, wanted: Wanted, files: Mapping[str, Path]) -> Weights:
    path = files.get(backbone)
    if path is None:
        return Weights(name="none")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    imagenet = _choices(wanted.weights, wanted.backbones)[backbone] == "imagenet"
    return Weights(name="imagenet" if imagenet else path.name, sha256=digest)
