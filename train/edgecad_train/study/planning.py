"""From a command's words to a study: scans read and prepared, splits drawn, weights hashed, units named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgecad.contract import Preparation
from edgecad.decision.rules import rule_from_words
from edgecad.errors import UsageError
from edgecad.system.folders import check_writable
from edgecad_train.data import (
    DataFinding,
    Found,
    PreparedData,
    Refusal,
    find_cases,
    parse_crop,
    preparation_for,
    prepare_cases,
)
from edgecad_train.data.findings import findings_of_splits
from edgecad_train.data.store import scratch_beside
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition import (
    Asked,
    BackboneAsked,
    Rates,
    Study,
    refuse_other,
    refuse_used,
    study_from,
    study_in,
)
from edgecad_train.study.first_weights import fetch_weights, weights_files, weights_of
from edgecad_train.study.partitions import draws, partitions_of
from edgecad_train.study.units import Training
from edgecad_train.training.strategies import plan_for
from edgecad_train.versions import package_versions

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
        rule_from_words(training.decide)
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


@dataclass(frozen=True)
class Sought:
    """What a study is about before a scan is read: files that are there, and how scans would be prepared."""

    wanted: Wanted
    found: Found
    files: Mapping[str, Path]
    preparations: Mapping[int, Preparation]

    @property
    def seeds(self) -> int:
        """How many splits are drawn by seeds; with folds it is one."""
        return 1 if self.wanted.folds else self.wanted.seeds or SEEDS

    def asked(self, data_sha256: str) -> Asked:
        """The definition, were the scans to have this hash."""
        wanted = self.wanted
        return Asked(
            backbones=tuple(map(self._row, wanted.backbones)),
            strategies=wanted.strategies,
            rates=wanted.rates,
            training=wanted.training,
            seeds=self.seeds,
            folds=wanted.folds,
            inner_folds=wanted.inner_folds,
            time_plain=wanted.time_plain,
            data_sha256=data_sha256,
            patient_rule=self.found.patient_rule,
            versions=package_versions(),
        )

    def _row(self, name: str) -> BackboneAsked:
        preparation = self.preparations[backbone_named(name).size]
        return BackboneAsked(name=name, weights=weights_of(name, self.wanted, self.files), preparation=preparation)


def sought(wanted: Wanted) -> Sought:
    """Look for scans and first weights; nothing is read or fetched.

    Raises:
        UsageError: data, weights or names are not what they must be.
    """
    files = weights_files(wanted)
    found = find_cases(wanted.data, wanted.patient_from)
    sizes = dict.fromkeys(backbone_named(name).size for name in wanted.backbones)
    crop = parse_crop(wanted.crop)
    return Sought(wanted, found, files, {size: preparation_for(crop, size, found.cases) for size in sizes})


def planned(wanted: Wanted, reading: Reading, out: Path | None = None) -> Planned:
    """Read the data and name every unit.

    Args:
        out: the study's folder; one that holds another study is refused, before scans are read if it shows by then.

    Raises:
        UsageError: data, weights or names are not what they must be, or the folder holds another study.
        NotAvailable: ImageNet weights are neither here nor to be fetched; found before scans are read.
        OSError: the folder cannot be written; found before scans are read.
    """
    what = sought(wanted)
    before = study_in(out) if out else None
    if before and out and all(path.is_file() for path in what.files.values()):
        refuse_other(out, before.asked, what.asked(before.asked.data_sha256))
    if out:
        refuse_used(out)
        check_writable(out)
    fetch_weights(what.files)
    prepared = {
        size: prepare_cases(what.found.cases, preparation, reading, scratch=scratch_beside(out) if out else None)
        for size, preparation in what.preparations.items()
    }
    data = _agreeing(prepared)
    partitions = partitions_of(data.cases, what.seeds, wanted.folds, wanted.inner_folds)
    if before and out:
        refuse_other(out, before.asked, what.asked(data.sha256))
    study = study_from(what.asked(data.sha256), data.origin, partitions)
    names = [f"seed {seed}" if fold is None else f"fold {fold + 1}" for seed, fold in draws(what.seeds, wanted.folds)]
    parts = dict(zip(names, partitions, strict=True))
    return Planned(
        study,
        prepared,
        parts,
        what.files,
        findings_of_splits(data, {name: partition.part_of() for name, partition in parts.items()}),
    )


def _agreeing(data: Mapping[int, PreparedData]) -> PreparedData:
    """Any of the preparations, once they are known to be of the same scans."""
    first, *others = data.values()
    if any(other.sha256 != first.sha256 for other in others):
        sizes = " and ".join(map(str, data))
        refused = Counter(str(entry) for own in data.values() for entry in own.refused)
        listed = sorted(entry for entry, sizes_that_refuse in refused.items() if sizes_that_refuse < len(data))
        raise UsageError(
            f"at {sizes} pixels other scans are refused: {'; '.join(listed[:3])}{'; ...' if len(listed) > 3 else ''}; "
            "remove those, or study networks of one size"
        )
    return first
