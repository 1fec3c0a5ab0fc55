"""Options of `edgecad export` for a Keras model that was trained elsewhere: what its file cannot tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional, cast

import typer

from edgecad.errors import ModelInvalid, UsageError
from edgecad_export.external.about import SUFFIXES, ForeignModel

if TYPE_CHECKING:
    from edgecad.contract import Crop, Origin, Scaling

# typer reads annotations at run time, on Python 3.10 as well, hence Optional.
ClassesOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="A,B",
        help="Model of someone else: its two classes in the order of its outputs, for example CAD,nonCAD.",
        show_default=False,
    ),
]
PositiveOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="CLASS", help="... which of them the threshold is about.", show_default=False),
]
ScalingOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="RULE",
        help="... how 0 to 255 became its input: tf (-1 to 1), caffe (BGR less ImageNet's mean), torch (ImageNet's "
        "mean and deviation), none (0 to 255: the model scales by itself, as Keras' EfficientNets do), efficientnet "
        "(only what EdgeCAD's own training puts before those).",
        show_default=False,
    ),
]
UnitOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="CLASS", help="... class whose probability it gives, if it ends in one unit.", show_default=False
    ),
]
ThresholdOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="P", help="... decision threshold on P(positive). [default: 0.5]", show_default=False),
]
CropOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="RULE",
        help="... what of a screen it was trained on: polar-map or none (the whole image). [default: polar-map]",
        show_default=False,
    ),
]
SizeOption = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(metavar="PIXELS", help="... side of its input, if it takes images of any size.", show_default=False),
]
ImagesOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        metavar="FOLDER",
        help="... scans like those it was trained on: it is proven on them, and they set the heat map's scale and the "
        "colours that are accepted. Without it: EdgeCAD's phantom screens, and any colours. --int8 needs it.",
        show_default=False,
    ),
]
OriginOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="KIND",
        help="... its training data: patients, phantom or mixed. Not said: stamped as a phantom model.",
        show_default=False,
    ),
]
LabelledByOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="WHO", help="... who labelled its training scans.", show_default=False),
]
PrevalenceOption = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(metavar="SHARE", help="... share of the positive class in its training.", show_default=False),
]
IntendedUseOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="TEXT", help="... what it is meant for, in one sentence.", show_default=False),
]
NameOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="NAME", help="... its name. [default: the file's]", show_default=False),
]


def is_foreign(path: Path) -> bool:
    """Whether a Keras model is named rather than a run folder."""
    saved_model = (path / "saved_model.pb").is_file()
    return saved_model or (path.suffix.lower() in SUFFIXES and not (path / "contract.json").is_file())


def check_there(path: Path) -> None:
    """A name that is nothing is said before any question about it.

    Raises:
        ModelInvalid: neither file nor folder.
    """
    if not path.exists():
        raise ModelInvalid(f"no model at {path}; name a .keras or .h5 file, or a run folder")


def about_from_options(
    classes: str | None,
    positive: str | None,
    scaling: str | None,
    unit: str | None,
    threshold: float | None,
    crop: str | None,
    size: int | None,
    images: Path | None,
    origin: str | None,
    labelled_by: str | None,
    prevalence: float | None,
    intended_use: str | None,
    name: str | None,
) -> ForeignModel:
    """What was said of a model.

    Raises:
        UsageError: what nobody can guess was not said, or cannot be meant.
    """
    needed = {"--classes CAD,nonCAD": classes, "--positive CAD": positive, "--scaling tf": scaling}
    missing = [option for option, value in needed.items() if value is None]
    if classes is None or positive is None or scaling is None:
        raise UsageError(
            f"a Keras file does not say what its answers mean and how its input was made; add {' '.join(missing)} "
            "(or what is true of it)"
        )
    return ForeignModel(
        classes=tuple(part.strip() for part in classes.split(",")),
        positive=positive,
        scaling=cast("Scaling", scaling),
        unit=unit,
        threshold=0.5 if threshold is None else threshold,
        crop=cast("Crop", crop or "polar-map"),
        size=size,
        images=images,
        origin=cast("Origin | None", origin),
        reference=labelled_by,
        prevalence=prevalence,
        intended_use=intended_use,
        name=name,
    )


def refuse_foreign_options(run: Path, *given: object) -> None:
    """A run folder says all of this itself.

    Raises:
        UsageError: any of them was given.
    """
    if any(value is not None for value in given):
        raise UsageError(
            f"{run} is a run folder, whose contract says what a model of someone else must be told; leave out "
            "--classes, --positive, --scaling and the options after them"
        )
