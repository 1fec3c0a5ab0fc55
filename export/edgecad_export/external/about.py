"""What only its owner can say of a Keras model that was trained elsewhere: the options of `edgecad export` for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeVar

import typer

from edgecad.colourtables import ColourTable
from edgecad.contract import Crop, Input, MapPlace, Origin, Scaling
from edgecad.errors import UsageError

T = TypeVar("T")
LinearEnd = Literal["logits"]
"""What linear units at a model's end are; as values of a regression nothing here could use them."""
SUFFIXES = (".keras", ".h5", ".hdf5")
"""Files of whole Keras models."""


@dataclass(frozen=True)
class ExternalModel:
    """A model's meaning, which no file of weights tells. Each field is an option; None where nobody said it.

    A field holds what was said, a property what follows from it.

    Raises:
        UsageError: a value that cannot be meant.
    """

    PANEL: ClassVar[str] = "A Keras model of someone else"

    classes: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="Its two classes in the order of its outputs, for example CAD,nonCAD.",
            show_default=False,
        ),
    ] = None
    positive: Annotated[
        str | None,
        typer.Option(metavar="CLASS", help="Which of them the threshold is about.", show_default=False),
    ] = None
    scaling: Annotated[
        Scaling | None,
        typer.Option(
            metavar="RULE",
            help="How 0 to 255 became its input: tf (-1 to 1), unit (0 to 1), caffe (BGR less ImageNet's mean), torch "
            "(ImageNet's mean and deviation), none (0 to 255: the model scales by itself, as Keras' EfficientNets do), "
            "efficientnet (only what EdgeCAD's own training puts before those).",
            show_default=False,
        ),
    ] = None
    unit: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS", help="Class whose probability it gives, if it ends in one unit.", show_default=False
        ),
    ] = None
    linear_end: Annotated[
        LinearEnd | None,
        typer.Option(
            metavar="KIND",
            help="logits: its linear end gives logits, trained with from_logits=True. Needed where its file does not "
            "say so by its loss.",
            show_default=False,
        ),
    ] = None
    threshold: Annotated[
        float | None,
        typer.Option(metavar="P", help="Decision threshold on P(positive). [default: 0.5]", show_default=False),
    ] = None
    crop: Annotated[
        Crop | None,
        typer.Option(
            metavar="RULE",
            help="What of a screen it was trained on: polar-map or none (the whole image). [default: polar-map]",
            show_default=False,
        ),
    ] = None
    input: Annotated[
        Input | None,
        typer.Option(
            help="What of a polar map it was trained on: rgb (the screen's colours) or uptake (EdgeCAD's drawing). "
            "[default: rgb]",
            show_default=False,
        ),
    ] = None
    table: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE",
            help="For uptake: a colour table that its training scans were drawn in; may be given several times.",
            show_default=False,
        ),
    ] = None
    map: Annotated[
        str | None,
        typer.Option(
            metavar="K/N",
            help="Which map of screens that hold N maps, from left to right, then down. [default: there is one]",
            show_default=False,
        ),
    ] = None
    size: Annotated[
        int | None,
        typer.Option(metavar="PIXELS", help="Side of its input, if it takes images of any size.", show_default=False),
    ] = None
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Scans like those it was trained on: it is proven on them, and they set the heat map's scale and "
            "the colours that are accepted. Without it: EdgeCAD's phantom screens, and any colours. --int8 needs it.",
            show_default=False,
        ),
    ] = None
    origin: Annotated[
        Origin | None,
        typer.Option(
            metavar="KIND",
            help="Its training data: patients, phantom or mixed. Not said: stamped as a phantom model.",
            show_default=False,
        ),
    ] = None
    labelled_by: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who labelled its training scans.", show_default=False)
    ] = None
    prevalence: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Share of the positive class in its training.", show_default=False),
    ] = None
    intended_use: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What it is meant for, in one sentence.", show_default=False),
    ] = None
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its name. [default: the file's]", show_default=False)
    ] = None

    def __post_init__(self) -> None:
        for option, share in (("--threshold", self.threshold), ("--prevalence", self.prevalence)):
            _demand(share is None or 0 < share < 1, f"{option} {share}: a number above 0 and below 1 wanted")
        _demand(self.size is None or 32 <= self.size <= 1024, f"--size {self.size}: 32 to 1024 pixels wanted")
        plain = self.name is None or re.fullmatch(r"\w[\w.+-]*", self.name) is not None
        _demand(plain, f"--name {self.name!r}: letters, digits and . _ + - wanted")
        self._check_input()
        if self.classes is not None:
            self._check_classes(_parts(self.classes))

    def _check_input(self) -> None:
        """One word must not contradict another; files of tables are read, and a place is understood."""
        whole, uptake = self.screen_crop == "none", self.seen_input == "uptake"
        _demand(not (whole and uptake), "--input uptake: a polar map is read, and --crop none takes the whole image")
        _demand(not (whole and self.map), f"--map {self.map}: --crop none takes the whole image, so there is no map")
        _demand(uptake or not self.table, "--table is for --input uptake, and the input is rgb; leave it out")
        _ = self.colour_tables, self.place
        _demand(
            not uptake or bool(self.table),
            "--input uptake: a Keras file does not say in which colour tables its training scans were drawn; add "
            "--table NAME|FILE, once for each",
        )

    def _check_classes(self, names: tuple[str, ...]) -> None:
        _demand(
            len(set(names)) == 2 == len(names) and all(names),
            f"--classes {','.join(names)!r}: two names wanted, in the order of the outputs: --classes CAD,nonCAD",
        )
        for option, value in (("--positive", self.positive), ("--unit", self.unit)):
            _demand(value in (None, *names), f"{option} {value!r} is not one of {', '.join(names)}")

    @property
    def described(self) -> bool:
        """Whether anything was said at all."""
        return self != ExternalModel()

    @property
    def class_names(self) -> tuple[str, str]:
        """In the order of the outputs.

        Raises:
            UsageError: what nobody can guess was not said; so do the next two.
        """
        first, second = _parts(self._said(self.classes))
        return first, second

    @property
    def positive_class(self) -> str:
        """Class that the threshold is about."""
        return self._said(self.positive)

    @property
    def input_scaling(self) -> Scaling:
        """How its input was made from 0 to 255 in training; nothing can check it."""
        return self._said(self.scaling)

    @property
    def decision_threshold(self) -> float:
        """On P(positive), 0 to 1."""
        return 0.5 if self.threshold is None else self.threshold

    @property
    def screen_crop(self) -> Crop:
        """What of a screen it was trained on."""
        return self.crop or "polar-map"

    @property
    def seen_input(self) -> Input:
        """What of it the network sees; somebody else's model never saw EdgeCAD's drawing unless it is said."""
        return self.input or "rgb"

    @property
    def colour_tables(self) -> tuple[ColourTable, ...]:
        """Of its training scans.

        Raises:
            UsageError: one is not known, or cannot be used.
        """
        from edgecad.colourtables.files import usable_tables  # here, because `--help` wants the options and no arrays

        return usable_tables(self.table or ())

    @property
    def place(self) -> MapPlace | None:
        """Which one of several maps.

        Raises:
            UsageError: there is no such one.
        """
        from edgecad.polarmap.search.place import parse_map_place  # here, as above

        return None if self.map is None else parse_map_place(self.map)

    def check_complete(self) -> None:
        """Ask for what nobody can guess.

        Raises:
            UsageError: it was not said.
        """
        for value in (self.classes, self.positive, self.scaling):
            self._said(value)

    def _said(self, value: T | None) -> T:
        if value is None:
            needed = {"--classes CAD,nonCAD": self.classes, "--positive CAD": self.positive,
                      "--scaling tf": self.scaling}  # fmt: skip
            missing = " ".join(option for option, said in needed.items() if said is None)
            raise UsageError(
                f"a Keras file does not say what its answers mean and how its input was made; add {missing} (or what "
                "is true of it)"
            )
        return value


def _parts(classes: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in classes.split(","))


def doubts_of(about: ExternalModel) -> tuple[str, ...]:
    """What is not known and what nothing can check, for people who are about to use the model."""
    return tuple(_doubts(about))


def _doubts(about: ExternalModel) -> Iterator[str]:
    yield "no figure of this model is known: measure it with `edgecad evaluate MODEL DATA` before you use it"
    yield (
        f"nothing can check that {', '.join(about.class_names)} is the order of its outputs and "
        f"{about.input_scaling!r} the scaling it was trained with: try scans whose labels you know"
    )
    yield f"the threshold {about.decision_threshold:g} was given and not chosen on data; its scores are not calibrated"
    if about.origin is None:
        yield "where its training data came from was not said, so it is stamped as a phantom model: see --origin"
    if about.seen_input == "uptake":
        yield "nothing can check that it was trained on uptake as EdgeCAD draws it: try scans whose labels you know"
    if about.images is None:
        colours = "" if about.seen_input == "uptake" else "; scans will not be refused for colours it never saw"
        yield (
            f"proven on the phantom screens of EdgeCAD alone, whose maps also set the heat map's scale{colours}. Give "
            "scans like those of its training with --images"
        )


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message)
