"""From a report's content to one file of HTML that opens offline: the way of every page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgecad.contract import Origin
from edgecad_train.origin import origin_words
from edgecad_train.report import wording

NAME = "report.html"
Kind = Literal["run", "evaluation", "checklist"]
Section = tuple[str, str, str]
"""A section's anchor and file, its name in the page's list, and its heading."""
FILTERS: dict[str, Callable[..., str]] = {
    "three": wording.three,
    "tenth": wording.tenth,
    "percent": wording.percent,
    "whole": wording.whole,
    "rate": wording.rate,
    "minute": wording.minute,
    "metric": wording.metric,
    "trains": wording.trains,
    "minus": wording.with_minus,
    "signed": wording.signed,
}


def html_of(
    kind: Kind, sections: Iterable[Section], origin: Origin, content: Mapping[str, Any], pictures: Iterable[Path]
) -> str:
    """The page's HTML: `templates/KIND.html`, and a file of `templates/KIND/` for each section.

    All that it is given is escaped, and pictures become data: addresses.

    Args:
        kind: of report; the name of its template and of the folder of its sections.
        sections: in their order; one that is not listed does not exist.
        origin: of the data; whatever is not patients' alone is marked on every table.
        content: what the templates name besides.
        pictures: files, known to the templates by their names without `.png`.
    """
    environment = Environment(
        loader=PackageLoader("edgecad_train.report", "templates"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters.update(FILTERS)
    return environment.get_template(f"{kind}.html").render(
        kind=kind,
        sections=tuple(sections),
        phantom=origin_words(origin),
        banner=_banner(kind, origin),
        pictures={path.stem: _address(path) for path in pictures},
        **content,
    )


def _banner(kind: Kind, origin: Origin) -> str:
    which = "The scans" if origin == "phantom" else "Some scans"
    whose = "study" if kind == "checklist" else kind
    return (
        f"{which} of this {whose} are drawn, not acquired. Its figures show that the software works, and nothing about "
        "patients."
    )


def _address(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
