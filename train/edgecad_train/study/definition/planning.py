"""From a request to a study: scans read and prepared, splits drawn, weights hashed, units named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from edgecad.contract import Preparation
from edgecad.errors import UsageError
from edgecad.images import PassedOver
from edgecad.system.folders import check_writable
from edgecad_train.data import (
    DataFinding,
    Found,
    PreparedData,
    Refusal,
    find_cases,
    parse_input,
    preparation_for,
    prepare_cases,
)
from edgecad_train.data.findings import findings_of_splits
from edgecad_train.data.labelled import Case
from edgecad_train.data.store import scratch_beside
from edgecad_train.data.table.further import GIVE_MAPS, NO_MAPS, names_of_maps
from edgecad_train.methods.networks.levels import OTHER_DRAWING, no_levels, tells_levels
from edgecad_train.methods.table import METHODS, Method
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition.first_weights import fetch_weights, weights_files, weights_of
from edgecad_train.study.definition.kept import refuse_other, study_in
from edgecad_train.study.definition.partitions import draws, part_name, partitions_of
from edgecad_train.study.definition.request import StudyRequest
from edgecad_train.study.definition.spec import BackboneSpec, Study, StudySpec, study_from
from edgecad_train.versions import package_versions

Reading = Callable[[int, int], None]


@dataclass(frozen=True)
class StudyPlan:
    """A study and what its units need.

    Attributes:
        study: the definition and its units.
        source: the scans' folder or CSV.
        data: prepared scans by input size.
        partitions: by the name of the part, `seed 0`, ...
        weights_files: first weights by backbone, where there is a file.
        findings: what to know of the data before believing the table.
        passed: files and folders that are no labelled scans.
        methods_left_out: methods that a study has unless it cannot, and why.
    """

    study: Study
    source: Path
    data: Mapping[int, PreparedData]
    partitions: Mapping[str, Split | Folds]
    weights_files: Mapping[str, Path]
    findings: tuple[DataFinding, ...] = ()
    passed: tuple[PassedOver, ...] = ()
    methods_left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Scans that were left out, each once."""
        return tuple({entry.path: entry for data in self.data.values() for entry in data.refused}.values())


@dataclass(frozen=True)
class StudyOutline:
    """What a study is about before a scan is read: files that are there, and how scans would be prepared.

    Attributes:
        lacking: methods that cannot be had of these scans, and why.
    """

    request: StudyRequest
    found: Found
    files: Mapping[str, Path]
    preparations: Mapping[int, Preparation]
    lacking: Mapping[str, str] = field(default_factory=dict)

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that can be had."""
        return tuple(name for name in self.request.options.method_names if name not in self.lacking)

    @property
    def reads_further_maps(self) -> bool:
        """Whether a row reads several maps of a patient, so that every scan must have all of them."""
        return any(METHODS[name].needs == "maps" for name in self.methods)

    def spec(self, data_sha256: str) -> StudySpec:
        """The definition, were the scans to have this hash."""
        options = self.request.options
        return StudySpec(
            backbones=tuple(map(self._row, options.backbone_names)),
            strategies=options.strategy_names,
            rates=options.rates,
            settings=self.request.settings,
            seeds=self.request.seeds,
            folds=options.folds,
            protocol=options.protocol_name,
            inner_folds=options.inner_folds or None,
            time_plain=options.time_plain,
            keep_models=options.keep_models,
            data_sha256=data_sha256,
            patient_rule=self.found.patient_rule,
            versions=package_versions(),
            reference=options.reference_name,
            methods=self.methods,
        )

    def as_read(self, before: StudySpec) -> StudyOutline:
        """The same, with the colour tables that an earlier reading of the scans found, where none is named now."""
        tables = {row.preparation.size: row.preparation.tables for row in before.backbones}

        def with_tables(size: int, how: Preparation) -> Preparation:
            told = () if how.input == "rgb" or how.tables else tables.get(size, ())
            return msgspec.structs.replace(how, tables=told or how.tables)

        return replace(self, preparations={size: with_tables(size, how) for size, how in self.preparations.items()})

    def as_begun(self, before: StudySpec) -> StudyOutline:
        """The same without the baseline, where a study was begun without it and no methods are named now.

        Studies of earlier versions knew no methods, and the command that began them resumes them.
        """
        options = self.request.options
        if before.methods or options.methods:
            return self
        without = replace(self.request, options=replace(options, without_normal_limits=True))
        return replace(self, request=without)

    def _row(self, name: str) -> BackboneSpec:
        preparation = self.preparations[backbone_named(name).size]
        weights = weights_of(name, self.request.options, self.files)
        return BackboneSpec(name=name, weights=weights, preparation=preparation)


def outline_of(request: StudyRequest) -> StudyOutline:
    """Look for scans and first weights; nothing is read or fetched.

    Raises:
        UsageError: data, weights or names are not what they must be.
    """
    options = request.options
    files = weights_files(options)
    found = find_cases(request.data, options.patient_from, masks=options.masks)
    sizes = dict.fromkeys(backbone_named(name).size for name in options.backbone_names)
    preparations = {size: preparation_for(parse_input(options), size, found.cases) for size in sizes}
    lacking = {
        name: options.left_out(name, *why)
        for name in options.method_names
        if (why := _why_not(METHODS[name], found.cases, preparations.values())) is not None
    }
    return StudyOutline(request, found, files, preparations, lacking)


def _why_not(method: Method, cases: Sequence[Case], preparations: Iterable[Preparation]) -> tuple[str, str] | None:
    """Why a method cannot read scans, and what helps; None where it can."""
    if method.needs == "maps" and not names_of_maps(cases):
        return NO_MAPS, GIVE_MAPS
    for drawing in (how.drawing for how in preparations if method.by_colours):
        if drawing is not None and not tells_levels(drawing):
            return no_levels(drawing), f"{OTHER_DRAWING}, or leave the method out"
    return None


def plan_study(request: StudyRequest, reading: Reading, out: Path | None = None) -> StudyPlan:
    """Read the data and name every unit.

    Args:
        out: the study's folder; one that holds another study is refused, before scans are read if it shows by then.

    Raises:
        UsageError: data, weights or names are not what they must be, or the folder holds another study.
        NotAvailable: ImageNet weights are neither here nor to be fetched; found before scans are read.
        OSError: the folder cannot be written; found before scans are read.
    """
    outline = outline_of(request)
    before = study_in(out) if out else None
    outline = outline.as_begun(before.spec) if before else outline
    if before and out and all(path.is_file() for path in outline.files.values()):
        refuse_other(out, before.spec, outline.as_read(before.spec).spec(before.spec.data_sha256))
    if out:
        check_writable(out)
    fetch_weights(outline.files)
    scratch, further = scratch_beside(out) if out else None, outline.reads_further_maps
    prepared = {
        size: prepare_cases(outline.found.cases, preparation, reading, scratch=scratch, further=further)
        for size, preparation in outline.preparations.items()
    }
    data = _agreeing(prepared)
    read = replace(outline, preparations={size: own.preparation for size, own in prepared.items()})
    spec = read.spec(data.sha256)
    if before and out:
        refuse_other(out, before.spec, spec)
    partitions = partitions_of(data.cases, spec.seeds, spec.folds, spec.chooser)
    parts = dict(zip((part_name(*draw) for draw in draws(spec.seeds, spec.folds)), partitions, strict=True))
    about_splits = findings_of_splits(data, {name: partition.part_of() for name, partition in parts.items()})
    findings = (*outline.found.findings, *about_splits)
    study = study_from(spec, data.origin, partitions)
    return StudyPlan(
        study,
        request.data.absolute(),
        prepared,
        parts,
        outline.files,
        findings,
        outline.found.passed,
        {**outline.request.options.methods_left_out, **outline.lacking},
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
