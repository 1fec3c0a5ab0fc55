"""A site's own choices: one small TOML file outside the model folder, hashed into every record.

    [colours]
    tables = ["warm", "our-table.json"]   # known by name, or learnt; a path starts beside this file

    [decision]
    threshold = 0.42              # or: rule = "sensitivity>=0.95"

    [signature]
    key = "signer.pem"            # beside this file, or an absolute path

    [recalibration]               # as `edgecad evaluate --recalibrate` writes it
    intercept = -0.52
    slope = 0.91
    patients = 140
    network = "5f0c..."           # the trained network that it belongs to
    date = 2026-11-30

    [identity]
    id_from = "dicom:AccessionNumber"   # or: "name", "regex:^([0-9]+)_"
    scan = "hash"                 # or: "name"
    uids = true

    [clinical]
    dicom = {age = "PatientAge", sex = "PatientSex"}   # columns of the model that DICOM objects say themselves
    values = true                 # records hold the values; otherwise what they weigh in the score alone

Every key may be left out; what is left out is as the model's contract has it. Without `identity` there is no id and
there are no UIDs, and each command calls scans as it does.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from edgecad.colourtables import ColourTable
from edgecad.colourtables.files import usable_tables
from edgecad.contract import Contract, network_digest
from edgecad.decision.evidence import Evidence
from edgecad.decision.recalibration import Recalibration, Threshold, threshold_on_own, threshold_on_shown
from edgecad.decision.rules import WORDS, rule_from_words
from edgecad.errors import UsageError
from edgecad.frozen import Frozen, demand
from edgecad.identity import id_source_of

MAX_BYTES = 2**16
"""Of a site's file; it holds a handful of lines."""
ThresholdFrom = Literal["contract", "site", "user"]
"""Who chose a threshold: the model's contract, the site's file, or who opened the model."""
ScanWord = Literal["name", "hash"]
"""What a record calls a scan: its file's name, or the beginning of its hash."""
DicomClinical = Literal["PatientAge", "PatientSex"]
"""Attributes of DICOM objects that may be clinical values."""


class SiteDecision(Frozen, frozen=True, kw_only=True):
    """The threshold in force, given itself or by a rule."""

    threshold: float | None = None
    """On P(positive) as answers show it, so after a recalibration; above 0 and below 1."""
    rule: str | None = None
    """As `edgecad train --decide` takes it; the model's evidence has the threshold, or the rule itself has."""

    def __post_init__(self) -> None:
        demand(self.threshold is None or self.rule is None, "threshold and rule are both given; give one of them")
        demand(
            self.threshold is None or 0 < self.threshold < 1, f"threshold {self.threshold} is not above 0 and below 1"
        )
        demand(self.rule is None or _is_rule(self.rule), f"{self.rule!r} is no rule for the threshold; give {WORDS}")


def _is_rule(words: str) -> bool:
    try:
        rule_from_words(words)
    except UsageError:
        return False
    return True


class SiteSignature(Frozen, frozen=True, kw_only=True):
    """Who must have signed a model."""

    key: str | None = None
    """PEM file of the signer's public Ed25519 key; a relative path starts at the site's file."""

    def __post_init__(self) -> None:
        demand(self.key is None or bool(self.key.strip("\0 ")), "the key's path is empty")


class SiteColours(Frozen, frozen=True, kw_only=True):
    """In which colours the site's screens are."""

    tables: tuple[str, ...] = ()
    """Colour tables, beside those of the model: names of known ones, or files; a relative path starts at the site's
    file."""


class SiteIdentity(Frozen, frozen=True, kw_only=True):
    """What of a scan's identity may leave it. What is not chosen here stays in the scan."""

    id_from: str | None = None
    """Where a scan's id comes from: `name` (of its file), `dicom:KEYWORD`, or `regex:PATTERN` on the file's name."""
    scan: ScanWord | None = None
    """What records call a scan; by default a watch says the hash, and `infer` the name as it was given."""
    uids: bool = False
    """Whether records hold the UIDs of DICOM objects."""

    def __post_init__(self) -> None:
        try:
            _ = None if self.id_from is None else id_source_of(self.id_from)
        except UsageError as error:
            raise ValueError(str(error)) from error


class SiteClinical(Frozen, frozen=True, kw_only=True):
    """Where clinical values may come from, and where they may go."""

    dicom: dict[str, DicomClinical] = msgspec.field(default_factory=dict)
    """Column of the model -> attribute of the DICOM object that says it."""
    values: bool = False
    """Whether records hold the values themselves."""


class SiteChoices(Frozen, frozen=True, kw_only=True):
    """What a site's file says."""

    decision: SiteDecision = SiteDecision()
    signature: SiteSignature = SiteSignature()
    colours: SiteColours = SiteColours()
    recalibration: Recalibration | None = None
    identity: SiteIdentity = SiteIdentity()
    clinical: SiteClinical = SiteClinical()


@dataclass(frozen=True)
class Site:
    """A site's file as it was read.

    Attributes:
        path: where it lies.
        sha256: of its bytes, hexadecimal.
        tables: the colour tables that it names, read.
    """

    path: Path
    sha256: str
    choices: SiteChoices
    tables: tuple[ColourTable, ...] = ()

    @property
    def key(self) -> Path | None:
        """The public key that models must be signed by."""
        key = self.choices.signature.key
        return None if key is None else self.path.parent / key

    def recalibration_for(self, contract: Contract) -> Recalibration | None:
        """The recalibration that it has for a model; None if it has none.

        Raises:
            UsageError: it has one of another trained network, or for a model whose score clinical columns enter.
        """
        found = self.choices.recalibration
        if found is not None and contract.clinical is not None:
            raise UsageError(
                f"{self.path} has a [recalibration], and {contract.name} joins the image with clinical columns "
                f"({', '.join(contract.clinical.names)}), whose score no recalibration moves; take [recalibration] out"
            )
        if found is None or found.network == network_digest(contract):
            return found
        raise UsageError(
            f"{self.path} recalibrates the network {found.network[:12]} ({found.patients} patients, {found.date}), and "
            f"{contract.name} is the network {network_digest(contract)[:12]}; name the site's file of this model, or "
            "take [recalibration] out and run `edgecad evaluate --recalibrate` with this model"
        )

    def threshold_for(self, evidence: Evidence | None) -> Threshold | None:
        """The threshold that it chooses for a model with this evidence; None if it chooses none.

        A threshold of the evidence was chosen on the model's own probability. One that the site gives, and one that
        follows from costs, is about the probability that answers show.

        Raises:
            UsageError: it chooses by a rule at which the model's patients were not counted.
        """
        decision, by = self.choices.decision, self.choices.recalibration
        if decision.rule is None:
            return None if decision.threshold is None else threshold_on_shown(decision.threshold, by)
        fixed = rule_from_words(decision.rule).fixed_threshold
        if fixed is not None:
            return threshold_on_shown(fixed, by)
        rule = str(rule_from_words(decision.rule))
        points = () if evidence is None else evidence.points
        for point in points:
            if str(rule_from_words(point.rule)) == rule:
                return threshold_on_own(point.threshold, by)
        known = ", ".join(dict.fromkeys(point.rule for point in points)) or "none"
        raise UsageError(
            f"{self.path} wants the rule {decision.rule}, and the model has no threshold for it (it has: {known}); "
            "give one of these, or a threshold"
        )


def read_site(path: str | os.PathLike[str]) -> Site:
    """Read a site's file.

    Raises:
        UsageError: there is no such file, it is too large or not TOML, or it says something that is not known or
            cannot be meant; the message says what was seen and what is known.
    """
    place = Path(path)
    return site_from_bytes(place, _content(place))


def site_from_bytes(path: Path, content: bytes) -> Site:
    """The same from the bytes of a file at `path`, where relative paths start."""
    table = _table(path, content)
    _refuse_unknown(path, table, SiteChoices, "")
    try:
        choices = msgspec.convert(table, SiteChoices)
    except msgspec.ValidationError as error:
        seen = str(error).replace("`$.", "`")  # a TOML key has no such mark
        raise UsageError(f"{path} cannot be used: {seen}; mend it, or leave that key out") from error
    tables = usable_tables(choices.colours.tables, path.parent)
    return Site(path, hashlib.sha256(content).hexdigest(), choices, tables)


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise UsageError(f"there is no file {path}; name the site's TOML file with --site")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its path is malformed"
        raise UsageError(f"{path} cannot be read ({why}); name the site's TOML file with --site") from error
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} has more than {MAX_BYTES} bytes, which no site's file has; name another with --site")
    return content


def _table(path: Path, content: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        # Editors on Windows write a mark before the first line, which TOML does not know.
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, or too deep
        seen = "too deep" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"{path} is not TOML ({seen}); mend that line") from error


def _refuse_unknown(path: Path, table: Mapping[str, Any], kind: type[msgspec.Struct], where: str) -> None:
    """Refuse keys that a table does not know, with those that it knows."""
    known = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in table.items():
        if name not in known:
            place = f"[{where}]" if where else "the file"
            raise UsageError(
                f"{path} has the key {f'{where}.{name}' if where else name}, which is not known; {place} knows "
                f"{', '.join(known)}"
            )
        parts = get_args(known[name]) or (known[name],)  # of `Recalibration | None` the first
        if isinstance(value, Mapping) and isinstance(parts[0], type) and issubclass(parts[0], msgspec.Struct):
            _refuse_unknown(path, value, parts[0], name)
