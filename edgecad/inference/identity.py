"""Whose scan it is, as far as the site asked: its id, its UIDs and what records call it. Nothing else is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from edgecad.answer.records import Record
from edgecad.errors import InputRefused
from edgecad.frozen import Frozen
from edgecad.identity import MAX_LETTERS, NO_ID, IdSource, cleaned, id_source_of
from edgecad.images import SUFFIXES
from edgecad.images.dicom.attributes import UIDS, DicomUids, NoText, attribute_of, dataset_with, text_in, uids_in
from edgecad.images.kinds import kind_of
from edgecad.images.source import is_dataset
from edgecad.site import ScanWord, Site, SiteIdentity

if TYPE_CHECKING:
    from pydicom import Dataset

HASH_DIGITS = 16
"""Of a scan's hash, where a record calls it by that."""
UNREAD = "unread"
"""What a record calls a scan that could not be read, where it is not called by its name."""


class Identified(Frozen, frozen=True):
    """What is known of whose scan it is.

    Attributes:
        identity: its id; None where nobody wants one, or it has none.
        uids: of the DICOM object, if they are wanted.
        remark: why it has no id although one is wanted, with nothing of what the scan holds.
    """

    identity: str | None = None
    uids: DicomUids | None = None
    remark: str | None = None

    def told_in(self, record: Record) -> Record:
        """A record that tells it as well."""
        remarks = (*record.remarks, *([self.remark] if self.remark else []))
        return replace(record, id=self.identity, uids=self.uids, remarks=remarks)


NOBODY = Identified()


class Noted(Frozen, frozen=True):
    """What of the name of a scan's file is kept until the scan has its record, if that comes later than the name goes.

    Attributes:
        scan: the name, if records call scans by it.
        identity: the id that the name holds, if ids come from names.
        id_from: by what the id was found, as a site writes it; another site file has no use for it.
    """

    scan: str | None = None
    identity: str | None = None
    id_from: str | None = None


NOTHING = Noted()
Identify = Callable[[Any], Identified]
"""Given what was read of a scan, bytes, an array or a dataset, or None where nothing could be: whose it is."""


@dataclass(frozen=True)
class IdentityChoice:
    """What a site asked for.

    Attributes:
        source: where ids come from; None where no id is wanted.
        scan: what records call a scan.
        uids: whether records hold the UIDs of DICOM objects.
    """

    source: IdSource | None = None
    scan: ScanWord = "name"
    uids: bool = False

    def id_of_name(self, path: str | PurePath) -> str | None:
        """The id that the name of a scan's file holds; None if it holds none, or ids do not come from names."""
        name = PurePath(path).name
        return None if self.source is None or not name else self.source.id_of_name(name, SUFFIXES)

    def noted(self, name: str) -> Noted:
        """What of a name is kept: nothing that was not asked for."""
        by_name = self.source is not None and self.source.kind != "dicom"
        return Noted(
            scan=name if self.scan == "name" else None,
            identity=self.id_of_name(name),
            id_from=str(self.source) if by_name else None,
        )

    def noted_in(self, record: Record) -> Noted:
        """The same of a record, whose scan is to be judged anew."""
        by_name = self.source is not None and self.source.kind != "dicom"
        return Noted(
            scan=record.scan if self.scan == "name" else None,
            identity=record.id if by_name else None,
            id_from=str(self.source) if by_name else None,
        )

    def identified_by(self, noted: Noted, given: Any) -> Identified:
        """Find whose scan it is, of whose name that was kept; as `identified`."""
        return self.identified(given, noted.identity if noted.id_from == str(self.source) else None)

    def unread_by(self, noted: Noted) -> Identified:
        """What is known of whose scan it is, of whose name that was kept, where nothing may be read of the scan."""
        found = self.identified_by(noted, None)
        by_dicom = self.source is not None and self.source.kind == "dicom"
        lacks = [*([NO_ID] if by_dicom else []), *(["no UIDs"] if self.uids else [])]
        if not lacks:
            return found
        why = f"{' and '.join(lacks)}: processes ended over this scan, so nothing was read of its attributes"
        return replace(found, remark=why if by_dicom or found.remark is None else f"{found.remark}; {why}")

    def word_for(self, name: str | None, scan_sha256: str | None, otherwise: str = UNREAD) -> str:
        """What a record calls a scan.

        Args:
            name: of its file, if that is known.
            otherwise: where it is not called by its name and there is no hash.
        """
        if self.scan == "name" and name is not None:
            return name
        return scan_sha256[:HASH_DIGITS] if scan_sha256 else otherwise

    def identified(self, given: Any, of_name: str | None) -> Identified:
        """Find whose scan it is.

        A scan that has no id is answered like any other: its answer does not rest on whose it is, and a person can
        still tell that by its hash. Its record says why.

        Args:
            given: what was read of it: bytes, an array or a pydicom dataset; None where nothing could be.
            of_name: the id that `id_of_name` found.
        """
        dataset = self._dataset(given)
        uids = uids_in(dataset) if self.uids and dataset is not None else None
        if self.source is None:
            return Identified(uids=uids)
        if self.source.kind != "dicom":
            return Identified(of_name, uids, None if of_name else f"{NO_ID}: {self._why_no_name()}")
        try:
            return Identified(_id_in(dataset, self.source.what), uids)
        except NoText as error:
            return Identified(None, uids, f"{NO_ID}: {error}")

    def _why_no_name(self) -> str:
        if self.source is not None and self.source.kind == "regex":
            return "the site's pattern found none in the name of this scan's file"
        return "the name of this scan's file holds none, or is not known"

    def _dataset(self, given: Any) -> Dataset | None:
        """The attributes that are wanted; None where none are, or the scan is no DICOM object that can be read."""
        by_dicom = self.source is not None and self.source.kind == "dicom"
        tags: Sequence[int | str] = [*(UIDS if self.uids else ())]
        if self.source is not None and by_dicom:
            tags = [*tags, attribute_of(self.source.what).tag]
        if not tags or not (is_dataset(given) or (isinstance(given, bytes) and kind_of(given) == "dicom")):
            return None
        try:
            return dataset_with(given, tags)
        except InputRefused:
            return None


BY_HASH = IdentityChoice(scan="hash")
"""Nothing of whose scan it is, and its hash in place of its name: what a watch does unless its site says otherwise."""


def _id_in(dataset: Dataset | None, words: str) -> str:
    """The id that an attribute holds.

    Raises:
        NoText: it holds none.
    """
    if dataset is None:
        raise NoText("this scan is no DICOM object that can be read")
    attribute = attribute_of(words)
    identity = cleaned(text_in(dataset, attribute))
    if not identity:
        raise NoText(f"{attribute.name} holds no letter that can be shown")
    if len(identity) > MAX_LETTERS:
        raise NoText(f"{attribute.name} has {len(identity)} letters, and an id at most {MAX_LETTERS}")
    return identity


def identity_choice(
    site: Site | None, id_from: str | None = None, uids: bool | None = None, *, scan: ScanWord = "name"
) -> IdentityChoice:
    """What a site's file asked for, and what was asked for in place of it.

    Args:
        id_from, uids: in place of the site's, as its file has them.
        scan: what records call a scan if the site's file does not say it.

    Raises:
        UsageError: `id_from` is no place of an id, or its attribute is none.
        NotAvailable: pydicom, which reads the attribute or the UIDs, is not installed.
    """
    chosen = SiteIdentity() if site is None else site.choices.identity
    words = chosen.id_from if id_from is None else id_from
    source = None if words is None else id_source_of(words)
    wants_uids = chosen.uids if uids is None else uids
    if source is not None and source.kind == "dicom":
        attribute_of(source.what)
    if wants_uids:
        attribute_of(UIDS[0])
    return IdentityChoice(source, chosen.scan or scan, wants_uids)
