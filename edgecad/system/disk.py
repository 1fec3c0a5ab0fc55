"""What to say, and to do, when a disk is full or a folder may not be written."""

from __future__ import annotations

import errno

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Errors of a disk without room, EDQUOT where a user's share of it is used up."""
CLOSED = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENOENT,
    errno.ENAMETOOLONG,
}
"""Errors of a place that this user may not use, or that is not there, or belongs to another."""


def words_of(error: OSError, *, named: bool = True) -> str:
    """One line: what the system said, of which file if it told and may be named, and the next step if there is one."""
    seen = error.strerror or (str(error) if named else type(error).__name__)
    if named and error.filename:
        seen = f"{seen}: {error.filename}"
    if error.errno in FULL:
        return f"{seen}; free the disk and try again"
    if error.errno in CLOSED:
        return f"{seen}; choose another place, or get the right to use this one"
    return seen
