"""Whether IN and OUT go together, before anything is moved."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from edgecad.errors import UsageError
from edgecad.images import passed_over
from edgecad.spool.out import PARTS, TAKEN, is_out
from edgecad.system.disk import FULL
from edgecad.system.folders import check_writable, nearest
from edgecad.watch.names import PROBE
from edgecad.watch.reservation import Reservation, must_be_writable


def check_free(incoming: Path, out: Path) -> None:
    """Find out within seconds, without a model, whether a watch may start; nothing is made yet.

    Raises:
        UsageError: the folders do not go together or lie on two file systems, or another watch has IN.
        OSError: IN cannot be written.
    """
    check_folders(incoming, out)
    with Reservation(incoming):  # a watch at work sweeps what a trial leaves in IN
        check_one_file_system(incoming, out)


def check_folders(incoming: Path, out: Path) -> None:
    """See that scans can be taken out of IN and answers be written to OUT; nothing is made yet.

    Raises:
        UsageError: IN is no folder, one lies in the other, or IN and the OUT of another watch do.
        OSError: one of them cannot be written. Where a watch was at work before, a full disk is waited for.
    """
    if not incoming.is_dir():
        raise UsageError(f"{incoming} is no folder; make it, and let scans be sent there")
    first, second = incoming.resolve(), out.resolve()
    if first == second or first in second.parents or second in first.parents:
        raise UsageError(f"{incoming} and {out} lie in one another; give two folders side by side")
    _refuse_answers(incoming)
    for outer in second.parents:
        if is_out(outer):
            raise UsageError(f"{out} lies in {outer}, which is the OUT of an edgecad watch; give another OUT")
    for folder in (incoming, out):
        try:
            check_writable(folder)
        except OSError as error:
            if error.errno not in FULL:
                raise must_be_writable(incoming, error) if folder is incoming else error from None
            if not (out / "taken").is_dir():
                raise


def _refuse_answers(incoming: Path) -> None:
    """Refuse an IN in which a watch would take another one's answered scans for new ones."""
    place = incoming.resolve()
    for outer in (place, *place.parents):
        if is_out(outer):
            raise UsageError(
                f"{incoming} lies in {outer}, where another edgecad watch puts scans that are answered; give an IN "
                "elsewhere"
            )
    for _, names, _ in os.walk(place):
        names[:] = [name for name in names if not passed_over(name)]
        if set(names) >= PARTS:
            # Without that folder's name, which may be a patient's.
            raise UsageError(
                f"a folder inside {incoming} is one where another edgecad watch puts scans that are answered; move it "
                "elsewhere, or give another IN"
            )


def check_one_file_system(incoming: Path, out: Path) -> None:
    """Try a move: only a rename takes a scan whole, and only within one file system. Nothing is made of an OUT.

    Raises:
        UsageError: they lie on two.
        OSError: IN cannot be written.
    """
    taken = nearest(out / TAKEN)
    probe = incoming / f"{PROBE}{secrets.token_hex(4)}"
    try:
        probe.touch()
    except PermissionError as error:
        raise must_be_writable(incoming, error) from error
    try:
        probe.rename(taken / probe.name)
        (taken / probe.name).unlink()
    except OSError as error:
        probe.unlink(missing_ok=True)
        if error.errno != errno.EXDEV:
            raise
        raise UsageError(
            f"{incoming} and {out} lie on two file systems, so a scan could not be moved in one step; "
            "give an OUT beside IN"
        ) from error
