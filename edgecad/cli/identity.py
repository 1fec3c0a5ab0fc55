"""Whose scan it is: the options of the commands that answer scans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgecad.answer.records import Record
    from edgecad.inference.identity import IdentityChoice
    from edgecad.site import ScanWord, Site


@dataclass(frozen=True)
class IdentityOptions:
    """The options, which come before the site's file."""

    id_from: Annotated[
        str | None,
        typer.Option(
            "--id-from",
            metavar="name|dicom:KEYWORD|regex:PATTERN",
            help="Where each scan's id comes from: its file's name, a DICOM attribute, or the one group of a pattern "
            "on the name. It stands on the picture and in the record. Default: the site's, else none.",
            show_default=False,
        ),
    ] = None
    uids: Annotated[
        bool | None,
        typer.Option(
            "--uids/--no-uids",
            help="Whether records hold the UIDs of DICOM objects. Default: the site's, else not.",
            show_default=False,
        ),
    ] = None

    def choice(self, site: Site | None, scan: ScanWord) -> IdentityChoice:
        """What is wanted; arguments and errors as for `edgecad.inference.identity.identity_choice`."""
        from edgecad.inference.identity import identity_choice

        return identity_choice(site, self.id_from, self.uids, scan=scan)

    def check(self) -> None:
        """See, before a model is opened, whether the options can be meant; errors as for `choice`."""
        if self.id_from is not None or self.uids:
            self.choice(None, "name")


def why_no_id(record: Record) -> str:
    """Why a scan has no id although one is wanted, to follow its line; empty where that is not so."""
    from edgecad.identity import NO_ID

    return "".join(f"; {remark}" for remark in record.remarks if remark.startswith(NO_ID))
