"""What a site and a user may choose of a model's input: colour tables, and which one of several maps."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import msgspec

from edgecad.colourtables import ColourTable
from edgecad.colourtables.files import usable_tables
from edgecad.contract import MapPlace, Preparation
from edgecad.errors import UsageError
from edgecad.polarmap import TableCandidates


def table_candidates(
    preparation: Preparation, site: Sequence[ColourTable], user: Iterable[ColourTable | str | os.PathLike[str]]
) -> TableCandidates:
    """The tables through which a model's scans may be read.

    Raises:
        UsageError: a table cannot be used, or two have one name; or the user names one for a model that reads no
            uptake.
    """
    named = usable_tables(user)
    if named and preparation.input != "uptake":
        raise UsageError(
            "this model sees the screen's own colours, and a colour table tells it nothing; leave --table out, or "
            "train a model with --input uptake"
        )
    return TableCandidates(contract=preparation.tables, site=tuple(site), user=named)


def with_place(preparation: Preparation, place: MapPlace) -> Preparation:
    """The same with another one of several maps.

    Raises:
        UsageError: the model takes no polar map.
    """
    if preparation.crop != "polar-map":
        raise UsageError("this model takes the whole image, so there is no map to choose; leave --map out")
    return msgspec.structs.replace(preparation, map=place)
