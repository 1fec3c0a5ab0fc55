"""Options and arguments that `train`, `study` and `evaluate` share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from edgecad.contract import Activation
from edgecad_train.networks.backbones import BACKBONES
from edgecad_train.training.strategies import STRATEGIES

DataArgument = Annotated[
    Path, typer.Argument(metavar="DATA", help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.")
]
PatientFromOption = Annotated[
    Optional[str],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
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
LrExponentOption = Annotated[float, typer.Option(metavar="A", help="a, 3 to 4: rates 10^-a and 10^-(a+2).")]
WarmupEpochsOption = Annotated[int, typer.Option(min=1, metavar="N", help="Epochs of warm-up, and of S1 to S3.")]
FinetuneEpochsOption = Annotated[int, typer.Option(min=1, metavar="N", help="Epochs of fine-tuning.")]
UnitsOption = Annotated[
    int, typer.Option(min=0, metavar="N", help="Units of the head's hidden layer; 0: no hidden layer.")
]
ActivationOption = Annotated[
    Activation,
    typer.Option(help="Of the hidden layer. With relu the heat map jumps where a unit is about to switch."),
]
DecideOption = Annotated[
    str,
    typer.Option(
        metavar="RULE",
        help="How the threshold is chosen: balanced (sensitivity and specificity about equal); equal-costs (0.5); "
        "'sensitivity>=S' or 'specificity>=S' (in quotes), refused where the other falls below 0.55; costs=C: a missed "
        "CAD costs as much as C false alarms.",
    ),
]
DropoutOption = Annotated[float, typer.Option(min=0.0, max=0.95, metavar="SHARE", help="Dropout below the two logits.")]
BatchSizeOption = Annotated[int, typer.Option(min=1, metavar="N", help="Scans a step.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress: no bars, and no lines in a log.")]

BACKBONE_NAMES = ", ".join(BACKBONES)
STRATEGY_NAMES = f"{', '.join(STRATEGIES)} (the paper's S1 to S6, and S5 at 10^-a)"
