"""What `edgecad infer` is given: demanded to be scans, one way in and one way out; and standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from edgecad.cli.scans import as_utf8, is_folder, listed_scans
from edgecad.errors import UsageError
from edgecad.identity.cleaning import MAX_LETTERS, cleaned
from edgecad.images.limits import MAX_BYTES
from edgecad.modelfiles.file import is_model

STDIN = "-"
"""A scan of this name is standard input's bytes."""


def check_forms(scans_named: bool, stdin_paths: bool, json: bool, csv: bool) -> None:
    """Demand one way in and one way out, before anything is opened.

    Raises:
        UsageError: there is none, or more than one.
    """
    if scans_named == stdin_paths:
        raise UsageError(
            "name scans, or give --stdin-paths alone and a path a line on standard input; see: edgecad infer --help"
        )
    if json and csv:
        raise UsageError("--json and --csv are two forms of one answer; give one of them")
    if sys.stdout is None:
        raise UsageError("standard output is closed, so no answer could be given; open it, or send it to a file")


def check_no_model(scans: Sequence[str]) -> None:
    """Demand that no scan is a model, which was meant for `--model`.

    Raises:
        UsageError: one is.
    """
    for scan in scans:
        if scan != STDIN and is_model(scan) and not (is_folder(scan) and listed_scans([scan])[0] != [scan]):
            raise UsageError(
                f"{as_utf8(scan)} is a model and no scan; name it so: edgecad infer SCAN --model {as_utf8(scan)}"
            )


def checked_identity(identity: str, scans: int | None) -> str:
    """A name that one scan can bear, as records and pictures have it; `scans` is None where any number may come.

    Raises:
        UsageError: there is not one scan, or the name is none.
    """
    if scans != 1:
        seen = "any number may come" if scans is None else f"{scans} were given"
        raise UsageError(f"--id names one scan, and {seen}; run infer once for each")
    if not (identity.isprintable() and 1 <= len(cleaned(identity)) <= MAX_LETTERS):
        raise UsageError(f"--id takes 1 to {MAX_LETTERS} letters on one line; give a number or code")
    return cleaned(identity)


def stdin_bytes() -> bytes:
    """Standard input, up to what is surely too large; nothing where it was closed before we began."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)


def paths_of_stdin() -> Iterator[str]:
    """A path a line, in whatever bytes the system names its files."""
    if sys.stdin is not None:
        for line in sys.stdin.buffer:
            path = _path_of(line.rstrip(b"\r\n"))
            if path:
                yield path


def _path_of(name: bytes) -> str:
    """A name as the system has it; Windows names are UTF-8 here, and what is none gets its refusal."""
    return name.decode("utf-8", "backslashreplace") if os.name == "nt" else os.fsdecode(name)
