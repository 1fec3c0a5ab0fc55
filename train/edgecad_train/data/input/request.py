"""What the network shall see: `--crop`, `--input`, `--table` and `--map`, and how they become the contract's."""

from __future__ import annotations

from collections.abc import Sequence

from edgecad.colourtables import ColourTable
from edgecad.contract import Drawing, Input, MapPlace, Preparation
from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad.polarmap.search.place import parse_map_place
from edgecad_train.data.input.crop import CropRequest, parse_crop, region_of_screens
from edgecad_train.data.labelled import Case
from edgecad_train.options import InputOptions


class InputRequest(Frozen, frozen=True, kw_only=True):
    """Where to look, what to read there, and through which colour tables."""

    where: CropRequest = CropRequest()
    input: Input = "uptake"
    tables: tuple[ColourTable, ...] = ()
    """Those that the user named; without any the scans tell theirs themselves."""
    map: MapPlace | None = None

    def __post_init__(self) -> None:
        whole = self.where.rule == "none"
        if whole and self.input == "uptake":
            raise UsageError(
                "--crop none takes whole images, and uptake is read from one polar map; give --input rgb, or leave "
                "--crop none out"
            )
        if whole and self.map is not None:
            raise UsageError(
                f"--map {self.map} is looked for, and --crop none takes whole images; leave one of them out"
            )
        if self.tables and self.input == "rgb":
            raise UsageError(
                "--table is for uptake, which is read through a colour table, and the input is rgb; leave it out"
                + ("" if whole else ", or give --input uptake")
            )


def parse_input(options: InputOptions) -> InputRequest:
    """Read the words of the four options; without `--input` it is uptake, and rgb of whole images.

    Raises:
        UsageError: one is not what it must be, or they contradict one another.
    """
    from edgecad.colourtables.files import usable_tables  # here, because `--help` wants the options and no arrays

    where = parse_crop(options.crop)
    return InputRequest(
        where=where,
        input=options.input or ("rgb" if where.rule == "none" else "uptake"),
        tables=usable_tables(options.table or ()),
        map=None if options.map is None else parse_map_place(options.map),
    )


def preparation_for(request: InputRequest, size: int, cases: Sequence[Case]) -> Preparation:
    """What the contract will say of the input: `size` pixels a side, and the region on screens of the first one's size.

    Its colour tables are those that were named; reading finds out which of them, or which ones without any name, the
    scans are drawn in: `PreparedData.preparation` says so.

    Raises:
        UsageError: the rectangle is not inside the screen, or no scan can be read.
    """
    cut = request.where.rectangle
    return Preparation(
        size=size,
        region=None if cut is None else region_of_screens(cut, cases),
        crop=request.where.rule,
        input=request.input,
        tables=request.tables,
        drawing=Drawing() if request.input == "uptake" else None,
        map=request.map,
        halve_jpeg=request.where.rule == "polar-map" and cut is None,
    )
