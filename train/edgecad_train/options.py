"""Options and arguments that several commands and settings share, worded once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from edgecad.cli.fields import After
from edgecad.contract import Input

SCANS = "Scans"
"""Panel of the help."""
DataArgument = Annotated[
    Path, typer.Argument(metavar="DATA", help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.")
]
PatientFromOption = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=SCANS,
        metavar="REGEX",
        help="For class folders: finds the patient in a scan's path there, without its ending: p12_a, or "
        "p12/a. Default: all of it; scans in further folders need this option.",
        show_default=False,
    ),
]
MasksOption = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=SCANS,
        metavar="FOLDER",
        help="Where defects are: a PNG of the name of each scan whose defect is known, white on black, square, its "
        "inscribed circle the polar map. A CSV may say it in columns mask or segments (4;5;10). Measures heat maps, "
        "trains nothing.",
        show_default=False,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress: no bars, and no lines in a log.")]


@dataclass(frozen=True)
class InputOptions:
    """What of a scan the network sees; each field is an option of `edgecad train` and of `edgecad study`.

    `edgecad_train.data.parse_input` reads the words.
    """

    PANEL: ClassVar[str] = SCANS

    crop: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="polar-map; none: the whole image, unchecked, with all that is written on it; x,y,w,h: that part of "
            "screens of one size first, then the polar map in it.",
        ),
        After("keep_models"),
    ] = "polar-map"
    input: Annotated[
        Input | None,
        typer.Option(
            help="What the network sees. uptake: read through the screen's colour table, and drawn in one way whatever "
            "that table is; rgb: the colours themselves, as in the paper. Default: uptake; rgb with --crop none.",
            show_default=False,
        ),
        After("crop"),
    ] = None
    table: Annotated[
        list[str] | None,
        typer.Option(
            "--table",
            metavar="NAME|FILE",
            help="For uptake: a colour table that the scans are drawn in, see edgecad table list; may be given several "
            "times, and then these are all. Default: the scans tell which of the known ones.",
            show_default=False,
        ),
        After("input"),
    ] = None
    map: Annotated[
        str | None,
        typer.Option(
            metavar="K/N",
            help="Which map of each screen, where all hold N: 1/3 is the first of three, counted from left to right "
            "and from top to bottom.",
            show_default=False,
        ),
        After("table"),
    ] = None
