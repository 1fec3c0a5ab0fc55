"""What `edgecad train --method` refuses before anything is read."""

from __future__ import annotations

from collections.abc import Collection

from edgecad.cli.fields import option_names
from edgecad.errors import UsageError
from edgecad_train.methods.table import GIVE_UPTAKE, NO_UPTAKE, exportable_method
from edgecad_train.options import InputOptions
from edgecad_train.runs.request import unread_of
from edgecad_train.training.settings import Settings

OF_NETWORKS = ("--without-normal-limits",)
"""Other options that are about networks alone."""


def refuse_unread(name: str, given: Collection[str], seen: InputOptions) -> None:
    """See that a method is not given what it would not read, and is given what it reads.

    Args:
        given: options that were given, by their names.
        seen: what of the scans is taken.

    Raises:
        UsageError: it is; there is no such method; it is a row of a study; or it reads uptake and gets colours.
    """
    from edgecad_train.data.input.request import parse_input  # here, because `--help` wants no arrays

    method = exportable_method(name)
    unread = unread_of(name)
    of_settings = (option for field, option in option_names(Settings).items() if field in unread)
    useless = [option for option in (*of_settings, *OF_NETWORKS) if option in given]
    if useless:
        raise UsageError(f"--method {name} does not read {', '.join(useless)}; leave it out, or leave out --method")
    if method.needs_uptake and parse_input(seen).input != "uptake":
        raise UsageError(f"--method {name}: {NO_UPTAKE}; {GIVE_UPTAKE}")
