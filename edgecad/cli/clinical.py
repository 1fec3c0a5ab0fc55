"""Clinical values beside scans: the options of the commands that answer scans."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgecad.clinical.sources import ClinicalSources
    from edgecad.inference.classifier import Classifier

ClinicalFromOption = Annotated[
    Path | None,
    typer.Option(
        "--clinical-from",
        metavar="CSV",
        help="Clinical values of scans, for a model that takes some: a row a scan, with its file's name in a column "
        "scan, or its id in id, and the model's columns. It is read again when it changes.",
        show_default=False,
    ),
]


@dataclass(frozen=True)
class ClinicalOptions:
    """The options of `edgecad infer`."""

    clinical: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE,..",
            help="Clinical values of one scan, for a model that takes some: age=63,sex=F. edgecad inspect tells its "
            "columns.",
            show_default=False,
        ),
    ] = None
    clinical_from: ClinicalFromOption = None

    def check(self, scans: int | None) -> None:
        """See, before a model is opened, whether they can be meant.

        Args:
            scans: how many are asked for; None where any number may come.

        Raises:
            UsageError: values that cannot be read, or of one scan where several are asked for.
        """
        from edgecad.clinical.values import values_from_words
        from edgecad.errors import UsageError

        if values_from_words(self.clinical) is not None and scans != 1:
            seen = "any number may come" if scans is None else f"{scans} were given"
            raise UsageError(f"--clinical is of one scan, and {seen}; give a CSV with --clinical-from")

    def sources(self, classifier: Classifier, scans: Iterable[str] = ()) -> ClinicalSources:
        """Where the values of an open model come from; arguments and errors as of `clinical_sources`."""
        from edgecad.clinical.sources import clinical_sources
        from edgecad.clinical.values import values_from_words

        own = values_from_words(self.clinical)
        return clinical_sources(classifier.contract.clinical, classifier.site, own, self.clinical_from, scans)
