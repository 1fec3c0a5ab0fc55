"""Which colour tables may explain a scan, by who named them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgecad.colourtables import ColourTable
from edgecad.polarmap.prepared import ChosenBy


@dataclass(frozen=True)
class TableCandidates:
    """Tables that a scan may be drawn in.

    Attributes:
        contract: of the model's training scans.
        site: from the site's file.
        user: named for these scans; where one of them fits, it is the user's word, and no other table is asked.
    """

    contract: tuple[ColourTable, ...] = ()
    site: tuple[ColourTable, ...] = ()
    user: tuple[ColourTable, ...] = ()

    def __iter__(self) -> Iterator[tuple[ColourTable, ChosenBy]]:
        """Each table once, with who named it: the user first, then the site, then the contract."""
        seen: set[ColourTable] = set()
        named: tuple[tuple[ChosenBy, tuple[ColourTable, ...]], ...] = (
            ("user", self.user),
            ("site", self.site),
            ("contract", self.contract),
        )
        for who, tables in named:
            for table in tables:
                if table not in seen:
                    seen.add(table)
                    yield table, who
