"""`--recalibrate`: what is asked for, on whom it may be fitted, and what becomes of the site's file."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from edgecad.errors import GateFailed, UsageError

if TYPE_CHECKING:
    from edgecad.contract import Contract
    from edgecad.decision.recalibration import Recalibration
    from edgecad_train.evaluation.recalibration.judging import RecalibrationJudged


@dataclass(frozen=True)
class RecalibrationOptions:
    """Options of `edgecad evaluate`."""

    PANEL: ClassVar[str] = "Recalibration"

    recalibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Recalibrate the score to these patients, where they allow it and need it, and write that into this "
            "site's file (TOML), new or not; never into the model.",
            show_default=False,
        ),
    ] = None
    prevalence_differs: Annotated[
        bool,
        typer.Option(
            "--prevalence-differs",
            help="With --recalibrate: the share of CAD is known to be another here than in training, so that no test "
            "has to show that it is needed.",
        ),
    ] = False
    replace_recalibration: Annotated[
        bool,
        typer.Option(
            "--replace-recalibration", help="With --recalibrate: write over the recalibration that the file has."
        ),
    ] = False

    @property
    def shown(self) -> RecalibrationOptions:
        """The same without the name of a file or a folder, for a page."""
        return self if self.recalibrate is None else replace(self, recalibrate=Path("SITE"))

    def check(self) -> None:
        """Refuse what means nothing, before anything is opened.

        Raises:
            UsageError: an option of `--recalibrate` without it.
        """
        if self.recalibrate is None and (self.prevalence_differs or self.replace_recalibration):
            named = "--prevalence-differs" if self.prevalence_differs else "--replace-recalibration"
            raise UsageError(f"{named} is for --recalibrate FILE; name the site's file, or leave it out")

    def check_file(self, contract: Contract) -> None:
        """Find out whether the site's file could be written, before the scans are read.

        Raises:
            UsageError: it cannot be used, or has a recalibration already and nobody wants it replaced.
            OSError: its folder cannot be written.
        """
        from edgecad.system.folders import check_writable
        from edgecad_train.judgement.sitefile import site_in

        if self.recalibrate is not None and contract.clinical is not None:
            raise UsageError(
                "--recalibrate is for scores of the image alone, and this model fuses clinical columns with it; leave "
                "it out, or train the model again with patients of this site"
            )
        if self.recalibrate is not None:
            site_in(self.recalibrate, contract, replace=self.replace_recalibration)
            check_writable(self.recalibrate.resolve().parent)


def recalibration_of(judged: RecalibrationJudged) -> Recalibration | None:
    """What a site's file would say, of today; None where there is none."""
    from edgecad.decision.recalibration import Recalibration

    if judged.intercept is None or judged.slope is None:
        return None
    return Recalibration(
        intercept=judged.intercept,
        slope=judged.slope,
        patients=judged.patients,
        network=judged.network,
        date=datetime.datetime.now(datetime.timezone.utc).date(),
    )


def demand_allowed(judged: RecalibrationJudged, file: Path, folder: Path) -> None:
    """Fail where a recalibration was asked for that these patients must not or cannot give.

    That they are too few, or do not need one, is no failure.

    Raises:
        UsageError: the model was made from them.
        GateFailed: their scores allow none.
    """
    words = f"{judged.reason}; {file} was not written, and the figures are in {folder}: "
    if judged.outcome == "overlap":
        raise UsageError(f"{words}recalibrate on patients of the site whom the model has not seen")
    if judged.outcome == "impossible":
        raise GateFailed(f"{words}look at them before this model is used for these patients")
