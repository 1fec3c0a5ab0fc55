"""Options that several commands share, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgecad.cli.completion import values
from edgecad.runners.devices import device_help, device_words

PRECISIONS = ("fp32", "fp16", "int8")
"""What the shell offers; written again here because the module that obeys them is too heavy for it."""
RUN_PRECISIONS = (*PRECISIONS, "bf16")
"""The same where a model runs: some devices run the fp32 file in bf16."""

ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Model folder or .onnx file. Default: $EDGECAD_MODEL, then models/latest.",
        show_default=False,
    ),
]
ModelArgument = Annotated[
    Path | None,
    typer.Argument(help="Model folder or .onnx file. Default: $EDGECAD_MODEL, then models/latest.", show_default=False),
]
SameModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="MODEL", help="The model, given as an option.", show_default=False),
]
"""Beside a model that is an argument: people write it as they do where scans are the arguments."""
DeviceOption = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help=f"{device_help()}. auto: what edgecad bench --save recorded, else CUDA where it is, else the CPU. "
        "Any other is strict: it never falls back.",
        autocompletion=device_words,
    ),
]
NodesDeviceOption = Annotated[
    str,
    typer.Option(
        metavar="DEVICE",
        help=f"{device_help()}. auto: CUDA where it is, else the CPU. Any other is strict: it never falls back.",
        autocompletion=device_words,
    ),
]
"""For what opens a model to look at it, and not by what a bench recorded."""
PrecisionOption = Annotated[
    str | None,
    typer.Option(
        metavar="|".join(PRECISIONS),
        help="Which file of a model folder. Default: fp32; a lone file is what it is.",
        autocompletion=values(*PRECISIONS),
        show_default=False,
    ),
]
PrecisionChoice = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="|".join(("auto", *RUN_PRECISIONS)),
        help="Which file of a model folder; bf16 runs the fp32 file in it, where the device can. auto: what edgecad "
        "bench --save recorded, else int8 on a CPU and fp16 on a GPU, if the folder has it and it answers the golden "
        "samples here; else fp32.",
        autocompletion=values("auto", *RUN_PRECISIONS),
    ),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option(
        metavar="0..1",
        help="A decision threshold, above 0 and below 1. Default: the site's, then the contract's.",
        show_default=False,
    ),
]
SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="FILE",
        help="A site's own choices, TOML: threshold or rule, signer's key. Its hash is in every record.",
        show_default=False,
    ),
]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="PUBLIC.pem",
        help="The signer's public Ed25519 key: a model that is not signed with it is refused. Default: the site's, if "
        "there is one, then $EDGECAD_KEY.",
        show_default=False,
    ),
]
TableOption = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="NAME|FILE",
        help="Colour table of the scans: a known one (edgecad table list) or a file of edgecad table learn; may be "
        "repeated. Where one fits a scan, it is taken. Default: the model's and the site's.",
        show_default=False,
    ),
]
MapOption = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="K/N",
        help="Which map of screens that hold N maps, from left to right, then down. Default: as the model was trained.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
