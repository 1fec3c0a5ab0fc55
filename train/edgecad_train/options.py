"""Options and arguments that several commands and settings share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataArgument = Annotated[
    Path, typer.Argument(metavar="DATA", help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.")
]
PatientFromOption = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help="For class folders: finds the patient in a scan's path there, without its ending: p12_a, or "
        "p12/a. Default: all of it; scans in further folders need this option.",
        show_default=False,
    ),
]
CropOption = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        help="polar-map; none: the whole image, unchecked, with all that is written on it; x,y,w,h: that part of "
        "screens of one size first, then the polar map in it.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress: no bars, and no lines in a log.")]
