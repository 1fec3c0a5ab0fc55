"""The runs that an ensemble joins: read, and refused where their answers cannot be averaged or judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from msgspec.structs import asdict as struct_to_dict
from numpy.typing import NDArray

from edgecad.contract import Contract, contract_from_json, network_digest
from edgecad.errors import ModelInvalid, UsageError
from edgecad.system.folders import followed
from edgecad_train.classes import POSITIVE
from edgecad_train.runs.names import CALIBRATION, CONTRACT, DECIDING, HEATMAPS, MODEL, RUN, VALIDATION
from edgecad_train.runs.predictions import PatientLine, predictions_from_csv
from edgecad_train.runs.reading import RunRecords, read_record, read_records
from edgecad_train.runs.record import NEXT
from edgecad_train.splits.split import Folds

HELD: Literal["out-of-fold"] = "out-of-fold"
TEST: Literal["test"] = "test"
"""Parts of predictions.csv whose patients the network that answered had not learnt from."""


@dataclass(frozen=True)
class MemberRun:
    """A finished run with folds, its network included.

    Attributes:
        records: what it says of itself.
        partition: its folds.
        deciding: lines of the patients that chose its threshold, each by networks that had not learnt from them; of
            the head that is exported, where a search gave the folds others.
    """

    records: RunRecords
    partition: Folds
    deciding: tuple[PatientLine, ...]

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.records.folder.name

    @property
    def contract(self) -> Contract:
        """Of its network."""
        return self.records.contract

    def of_part(self, part: str) -> tuple[PatientLine, ...]:
        """Lines of one part, in the order of the patients' names."""
        return tuple(sorted(_of_part(self.records.predictions, part), key=lambda line: line.patient))


def read_members(paths: Sequence[Path]) -> tuple[MemberRun, ...]:
    """Read runs, and check that their ensemble can be made and judged.

    Raises:
        ModelInvalid: one is no finished run, or its network is not there.
        UsageError: they differ in what all must share, or have no scores of patients from whom no member learnt.
    """
    members = tuple(_member(path) for path in paths)
    _check_apart(members)
    first = members[0]
    for other in members[1:]:
        _check_same_data(first, other)
        _check_same_split(first, other)
        _check_same_question(first, other)
        _check_same_patients(first, other)
    return members


def truth_of(lines: Sequence[PatientLine]) -> NDArray[np.bool_]:
    """Which patients are labelled CAD, `(n,)`."""
    return np.array([line.label == POSITIVE for line in lines], bool)


def _member(path: Path) -> MemberRun:
    folder = followed(path)
    if not folder.is_dir():
        raise ModelInvalid(f"no run folder at {path}; an ensemble joins runs of `edgecad train`: name their folders")
    _check_kind(folder)
    records = read_records(folder)
    _check_joinable(records)
    if not isinstance(records.partition, Folds):
        raise UsageError(
            f"{folder.name} chose by one validation part, so that it has no score of patients from whom it learnt "
            "nothing but those who chose its epochs; train the members with --protocol folds, the first one's "
            "split.json as --split for the others, and export these"
        )
    deciding = folder / DECIDING
    lines = records.predictions
    if deciding.is_file():
        lines = predictions_from_csv(deciding.read_bytes(), deciding, NEXT)
    _check_once(folder, records.predictions)
    _check_once(folder, lines)
    return MemberRun(records, records.partition, _of_part(lines, HELD))


def _check_once(folder: Path, lines: Sequence[PatientLine]) -> None:
    """Demand one line of each patient in each part: a report tells of more, but no mean can be made of them."""
    again = sum(times > 1 for times in Counter((line.patient, line.part) for line in lines).values())
    if again:
        raise ModelInvalid(f"{folder.name} cannot be used: {again} of its patients are scored more than once; {NEXT}")


def _check_kind(folder: Path) -> None:
    if (folder / CONTRACT).is_file() and contract_from_json((folder / CONTRACT).read_bytes(), NEXT).members:
        raise UsageError(f"{folder.name} is an ensemble itself, and a mean of means is no mean; name its members' runs")
    if (folder / "model.onnx").is_file():
        raise ModelInvalid(f"{folder} is an exported model; an ensemble is made from run folders: name its run")
    missing = [name for name in (MODEL, VALIDATION, CALIBRATION, HEATMAPS) if not (folder / name).is_file()]
    if missing and (folder / RUN).is_file() and read_record(folder).method is None:
        raise ModelInvalid(
            f"{folder} has no {missing[0]}: its study did not keep the networks, or the file was removed; run `edgecad "
            "study` with --keep-models, or `edgecad train`"
        )


def _check_joinable(records: RunRecords) -> None:
    """Refuse what has a model of its own that no mean of logits has."""
    name, method, clinical = records.folder.name, records.record.method, records.contract.clinical
    if method is not None:
        raise UsageError(
            f"{name} is a run of the method {method.name}, and an ensemble joins networks that were fine-tuned; leave "
            "it out of the ensemble"
        )
    if clinical is not None:
        raise UsageError(
            f"{name} fuses its image with clinical columns ({', '.join(clinical.names)}), by a model that was fitted "
            "to its own scores and not to the mean of several; train the members without --clinical"
        )


def _of_part(lines: Sequence[PatientLine], part: str) -> tuple[PatientLine, ...]:
    return tuple(line for line in lines if line.part == part)


def _check_apart(members: Sequence[MemberRun]) -> None:
    seen: dict[str, str] = {}
    for member in members:
        digest = network_digest(member.contract)
        if digest in seen:
            raise UsageError(
                f"{member.name} is the same network as {seen[digest]}; name each member once, and train others with "
                "another --seed and the same --split"
            )
        seen[digest] = member.name


def _check_same_data(one: MemberRun, other: MemberRun) -> None:
    if one.contract.data_sha256 != other.contract.data_sha256:
        raise UsageError(
            f"{one.name} and {other.name} were made from other scans, so that nobody was held out by both; train the "
            "members on the same DATA"
        )


def _check_same_split(one: MemberRun, other: MemberRun) -> None:
    if one.contract.split_sha256 == other.contract.split_sha256:
        return
    learnt = [
        f"{len(both)} of the {len(mine.partition.test)} test patients of {mine.name} taught {yours.name}"
        for mine, yours in ((one, other), (other, one))
        if (both := set(mine.partition.test) & set(yours.partition.development))
    ]
    said = "; ".join(learnt) or "the patients of their folds differ"
    raise UsageError(
        f"{one.name} and {other.name} divided the patients otherwise: {said}, so that what the ensemble says of them "
        f"is too good; train the members with --split {one.records.folder / 'split.json'}"
    )


def _check_same_question(one: MemberRun, other: MemberRun) -> None:
    told = [(name, own(one), own(other)) for name, own in SHARED.items()]
    differing = [f"{name} ({mine} and {yours})" for name, mine, yours in told if mine != yours]
    ways = [struct_to_dict(member.contract.preparation) for member in (one, other)]
    prepared = [name for name, value in ways[0].items() if value != ways[1][name] and name not in _DRAWN]
    if prepared:
        differing.append(f"how a screen is prepared ({', '.join(prepared)}: preparation in contract.json)")
    if differing:
        raise UsageError(
            f"{one.name} and {other.name} differ in {'; '.join(differing)}, and an ensemble has one of each; train the "
            "members with the same options: they may differ in --seed, --backbone of one input size, --weights, "
            "--features, --strategy, --units and epochs"
        )


def _check_same_patients(one: MemberRun, other: MemberRun) -> None:
    """Whose scores there are is said by the split; a table that was cut by hand is found here."""
    for mine, yours in (
        (one.of_part(HELD), other.of_part(HELD)),
        (one.of_part(TEST), other.of_part(TEST)),
        (one.deciding, other.deciding),
    ):
        if {(line.patient, line.label) for line in mine} != {(line.patient, line.label) for line in yours}:
            raise ModelInvalid(
                f"{one.name} and {other.name} are of one split, and their predictions.csv are not of the same patients "
                "and labels; one was changed: train it again"
            )


def _drawn(member: MemberRun) -> str:
    preparation = member.contract.preparation
    return f"{preparation.input}, {preparation.crop}, {preparation.size} pixels"


_DRAWN = frozenset(("input", "crop", "size"))
"""Of a preparation, what `_drawn` tells."""


SHARED: Mapping[str, Callable[[MemberRun], object]] = {
    "the classes": lambda member: member.contract.classes,
    "the positive class": lambda member: member.contract.positive,
    "the input": _drawn,
    "the cells that are pooled": lambda member: member.contract.pooled_over,
    "the hidden layers' activations": lambda member: member.contract.activations,
    "who labelled": lambda member: member.contract.labelling.reference,
    "the rule of the threshold": lambda member: str(member.records.record.settings.rule),
    "--uncertain": lambda member: member.records.record.settings.uncertain,
}
"""What all members must have alike beside their preparation, in words."""


def averaged(
    members: Sequence[MemberRun], lines_of: Callable[[MemberRun], Sequence[PatientLine]]
) -> Iterator[tuple[PatientLine, float]]:
    """Each patient's line in the first member, and the mean of all members' log-odds, in the order of the names.

    Args:
        lines_of: lines of the same patients, of each member.
    """
    said = [{line.patient: line.log_odds for line in lines_of(member)} for member in members]
    for line in sorted(lines_of(members[0]), key=lambda one: one.patient):
        yield line, float(np.mean([own[line.patient] for own in said]))
