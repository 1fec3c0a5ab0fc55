"""SHA256SUMS: which files a model folder has, and that none of them changed.

The file is what `sha256sum -c SHA256SUMS` reads. It lists every file of the folder but itself and its signature.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgecad.errors import ModelInvalid
from edgecad.modelfiles.bounds import check_size
from edgecad.system.digests import file_sha256
from edgecad.system.folders import write_whole
from edgecad.system.reading import file_bytes

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.sig"
NEXT_STEP = "copy the folder again from where it was exported, or export it again"
MOST_BYTES, MOST_LINKS = 2**20, 40
"""Of a list of sums, and of links that are followed one after another, as Linux does."""
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


@dataclass(frozen=True)
class FileSum:
    """One file of a folder: its path inside, with `/`, its size and its SHA-256 in hexadecimal."""

    name: str
    size_bytes: int
    sha256: str


def measured(folder: Path) -> tuple[FileSum, ...]:
    """Every file of a folder as it lies there, sorted by name, but the sums and their signature."""
    return tuple(_sum(folder, name) for name in _names(folder))


def write_sums(folder: Path) -> Path:
    """List a folder's files in `SHA256SUMS`; returns its path.

    Raises:
        ModelInvalid: a file's name cannot stand on a line of its own.
    """
    for name in _names(folder):
        if not name.isprintable() or "\\" in name:
            raise ModelInvalid(f"{folder} holds a file called {name!r}, which {SUMS} cannot list; rename it")
    lines = [f"{entry.sha256}  {entry.name}\n" for entry in measured(folder)]
    write_whole(folder / SUMS, "".join(lines).encode())
    return folder / SUMS


def sums_of(folder: Path) -> bytes | None:
    """The content of a folder's `SHA256SUMS`; None where there is no such entry.

    Raises:
        ModelInvalid: there is one, and it cannot be read: a folder, a link to nothing, a file without permission.
    """
    return read_beside(folder / SUMS, MOST_BYTES)


def read_beside(path: Path, most: int) -> bytes | None:
    """A small file that belongs to a model folder; None where there is no entry of that name.

    What is there and cannot be read is an error, and never the same as nothing: who takes a check away must be seen.

    Raises:
        ModelInvalid: it is no file, it cannot be read, or it has more than so many bytes.
    """
    if not os.path.lexists(path):
        return None
    try:
        return file_bytes(path, most)
    except OSError as error:
        words = f"{path} is there and cannot be read as a file ({error.strerror or error})"
        raise ModelInvalid(f"{words}; {NEXT_STEP}") from error


def places_of(file: Path) -> tuple[Path, ...]:
    """A file where it was named and where its links lead: sums that hold for it may lie beside each of them."""
    places = [file]
    while places[-1].is_symlink() and len(places) < MOST_LINKS:
        places.append(places[-1].parent / places[-1].readlink())
    return tuple(dict.fromkeys([*places, file.resolve()]))


def check_sums(folder: Path, listed: bytes | None = None) -> tuple[FileSum, ...]:
    """Hold a folder against its `SHA256SUMS`; returns the files.

    Args:
        listed: the list's content, if a signature of it was checked; it is not read again then.

    Raises:
        ModelInvalid: the list is not there or damaged, or a file changed, is missing, or is there without being
            listed.
    """
    expected = _listed(folder, listed)
    there = {entry.name: entry for entry in measured(folder)}
    wrong = (
        ("changed", [name for name, sha256 in expected.items() if name in there and there[name].sha256 != sha256]),
        ("missing", [name for name in expected if name not in there]),
        ("there without being listed", [name for name in there if name not in expected]),
    )
    said = [f"{', '.join(sorted(names))} {'is' if len(names) == 1 else 'are'} {how}" for how, names in wrong if names]
    if said:
        raise ModelInvalid(f"{folder} is not as {SUMS} says: {'; '.join(said)}; {NEXT_STEP}")
    return tuple(there.values())


def check_listed(file: Path, sha256: str) -> None:
    """Hold one file's content against the `SHA256SUMS` beside it and beside what it links to, where there is one.

    Raises:
        ModelInvalid: it is listed with another sum, or not at all; or what is called so cannot be read.
    """
    for place in places_of(file):
        sums = sums_of(place.parent)
        if sums is not None:
            check_line(place, sha256, sums)


def check_line(file: Path, sha256: str, sums: bytes) -> None:
    """Hold one file's content against a list of sums.

    Raises:
        ModelInvalid: it is listed with another sum, or not at all.
    """
    listed = _listed(file.parent, sums).get(file.name)
    if listed != sha256:
        how = "is not listed in" if listed is None else "changed since it was listed in"
        raise ModelInvalid(f"{file} {how} the {SUMS} beside it; {NEXT_STEP}")


def _listed(folder: Path, content: bytes | None = None) -> dict[str, str]:
    """Names and sums as the list has them."""
    content = sums_of(folder) if content is None else content
    if content is None:
        raise ModelInvalid(f"{folder} has no {SUMS}, so nothing says whether its files changed; {NEXT_STEP}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelInvalid(f"{folder / SUMS} is no list of sums; {NEXT_STEP}") from None
    lines = text.splitlines()
    found = [match for line in lines if (match := _LINE.fullmatch(line)) and _inside(match[2])]
    if not lines or len(found) != len(lines) or len({match[2] for match in found}) != len(lines):
        raise ModelInvalid(
            f"{folder / SUMS} is not a list of one sum and one file's name a line, each file once; {NEXT_STEP}"
        )
    return {match[2]: match[1] for match in found}


def _inside(name: str) -> bool:
    """Whether a listed name stays inside the folder."""
    return not name.startswith("/") and ".." not in PurePosixPath(name).parts


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    own = {folder / SUMS, folder / SIGNATURE}
    return (path for path in folder.rglob("*") if path not in own and not path.is_dir())


def _sum(folder: Path, name: str) -> FileSum:
    status = (folder / name).stat()
    if not stat.S_ISREG(status.st_mode):
        raise ModelInvalid(f"{folder / name} is a pipe or a device, which no model folder holds; {NEXT_STEP}")
    check_size(folder / name, status.st_size)
    return FileSum(name, status.st_size, file_sha256(folder / name))
