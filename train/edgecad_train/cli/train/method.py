"""What `edgecad train --method` refuses before anything is read."""

from __future__ import annotations

from collections.abc import Collection

from edgecad.cli.fields import option_names
from edgecad.errors import UsageError
from edgecad_train.methods.table import exportable_method
from edgecad_train.runs.request import unread_of
from edgecad_train.training.settings import Settings

OF_NETWORKS = ("--without-normal-limits",)
"""Other options that are about networks alone."""


def refuse_unread(name: str, given: Collection[str]) -> None:
    """See that a method is not given what it would not read.

    Args:
        given: options that were given, by their names.

    Raises:
        UsageError: it is, there is no such method, or it is a row of a study alone.
    """
    exportable_method(name)
    unread = unread_of(name)
    of_settings = (option for field, option in option_names(Settings).items() if field in unread)
    useless = [option for option in (*of_settings, *OF_NETWORKS) if option in given]
    if useless:
        raise UsageError(f"--method {name} does not read {', '.join(useless)}; leave it out, or leave out --method")
