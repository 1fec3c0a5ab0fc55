"""Which files of a folder are scans, and why the others are passed over: one rule for all who look into folders.

A scan is told by its name's ending, or by its first bytes where the ending is another one or none. Names that begin
with a dot, or end as programs name what they still write, are passed over, and folders of such names are not entered,
nor is one called `masks`, whose pictures say where defects are.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from edgecad.frozen import Frozen
from edgecad.images.kinds import HEAD, kind_of, other_kind
from edgecad.system.words import on_one_line

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".dcm"})
"""Endings of names that are meant as scans, whatever the files hold."""
UNFINISHED: Final = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", "~")
"""Ends of names under which programs write what they rename later."""
_NOTES: Final = frozenset({".csv", ".html", ".json", ".jsonl", ".log", ".md", ".toml", ".tsv", ".txt", ".yaml", ".yml"})
"""Endings of tables and notes, which lie beside scans by right."""
_SYSTEM: Final = frozenset({"thumbs.db", "desktop.ini", "dicomdir"})
"""Files that systems and archives put beside all others; hidden ones are told by their names."""
_PICTURES: Final = {
    ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WebP", ".gif": "GIF", ".heic": "HEIC", ".avif": "AVIF",
    ".jp2": "JPEG 2000", ".j2k": "JPEG 2000", ".jxl": "JPEG XL", ".svg": "SVG", ".psd": "Photoshop",
}  # fmt: skip
_STEP: Final = "wanted JPEG, PNG or DICOM: export the screen as PNG"
MASKS: Final = "masks"
"""Name of a folder inside of which pictures say where defects are, as phantoms have it; it is not entered."""
MASKS_WHY: Final = "a folder of masks, which are no scans; rename it if it holds scans"
LISTED: Final = 10
"""Files that are named one by one; the others are counted."""

PassedKind: TypeAlias = Literal[
    "picture", "other", "unreadable", "hidden", "unfinished", "folder", "beside", "note", "system"
]


class PassedOver(Frozen, frozen=True, kw_only=True):
    """A file or folder in which no scan is looked for: its name as found, its kind, and why, in words."""

    file: str
    kind: PassedKind
    why: str

    @property
    def told(self) -> bool:
        """Whether it may have been meant as a scan, so that it is named; notes and a system's own files are counted."""
        return self.kind not in ("note", "system")


@dataclass(frozen=True)
class FolderContent:
    """The scans of a folder and of those below it, sorted, and what else is there, sorted."""

    scans: tuple[Path, ...]
    passed: tuple[PassedOver, ...]


def content_of(folder: Path, but: Path | None = None) -> FolderContent:
    """Look through a folder and those below it; links to folders are not followed.

    Args:
        but: a folder of our own, in which nothing is looked at or told.
    """
    scans: list[Path] = []
    others: list[PassedOver] = []
    ours = None if but is None else but.resolve()
    for path in _entries(folder, ours, others):
        why = why_passed_over(path)
        if why is None:
            scans.append(path)
        else:
            others.append(why)
    return FolderContent(tuple(sorted(scans)), tuple(sorted(others, key=lambda one: one.file)))


def _entries(folder: Path, ours: Path | None, others: list[PassedOver]) -> Iterator[Path]:
    """Files, while folders that are not entered are added to `others`."""

    def unreadable(error: OSError) -> None:
        why = f"a folder that cannot be read ({os.strerror(error.errno or 0)})"
        others.append(passed(Path(error.filename), "unreadable", why))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        here = Path(place)
        if ours is not None and here.resolve() == ours:
            folders.clear()
            continue
        others += [_by_name(here / name) for name in folders if passed_over(name)]
        others += [passed(here / name, "beside", MASKS_WHY) for name in folders if name.lower() == MASKS]
        folders[:] = [name for name in folders if not passed_over(name) and name.lower() != MASKS]
        links = [here / name for name in folders if (here / name).is_symlink()]  # which are not entered
        others += [passed(link, "folder", "a link to a folder; give the folder itself") for link in links]
        yield from (here / name for name in files)


def passed_over(name: str) -> bool:
    """Whether a file of that name is not taken, nor a folder of that name entered, by the name alone."""
    return name.startswith(".") or name.lower().endswith(UNFINISHED)


def is_scan_file(path: Path) -> bool:
    """Whether a file in a folder is meant as a scan.

    Files from an archive often have no ending; a text file called `.jpg` is meant as a scan, and refused later.
    """
    return why_passed_over(path) is None


def why_passed_over(path: Path) -> PassedOver | None:
    """Why a file in a folder is no scan; None if it is meant as one."""
    if passed_over(path.name):
        return _by_name(path)
    ending = path.suffix.lower()
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return passed(path, "other", "no file but a pipe, a device or a link to a folder")
        if ending in SUFFIXES:
            return None
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        return passed(path, "unreadable", f"it cannot be read ({os.strerror(error.errno or 0)})")
    return None if kind_of(head) else _by_content(path, ending, head)


def _by_name(path: Path) -> PassedOver:
    """Of what is passed over by its name; a Mac leaves `._scan.jpg` beside `scan.jpg` on disks that are not its own."""
    if not path.name.startswith("."):
        return passed(path, "unfinished", "a name for what is still being written; rename it when it is whole")
    ours_or_mac = path.name.startswith(("._", ".edgecad-")) or path.suffix.lower() not in SUFFIXES
    return passed(path, "system" if ours_or_mac else "hidden", "a hidden name; rename it if it is a scan")


def _by_content(path: Path, ending: str, head: bytes) -> PassedOver:
    if path.name.lower() in _SYSTEM:
        return passed(path, "system", "a system's own file")
    known = other_kind(head)
    if known is None and ending in _PICTURES:
        known = f"named as a {_PICTURES[ending]} picture"
    if known is not None:
        return passed(path, "picture" if known.endswith("picture") else "other", f"{known}; {_STEP}")
    if ending in _NOTES:
        return passed(path, "note", "a table or a note")
    if not head:
        return passed(path, "other", "an empty file")
    what = "another ending" if ending else "no ending"
    return passed(path, "other", f"{what}, and neither JPEG, PNG nor DICOM inside")


def passed(path: Path, kind: PassedKind, why: str) -> PassedOver:
    """Say of a path why it is passed over."""
    # JSON and terminals hold no bytes that are not UTF-8.
    return PassedOver(file=os.fsencode(path).decode("utf-8", "backslashreplace"), kind=kind, why=why)


def words_of_passed(others: Sequence[PassedOver]) -> tuple[str, ...]:
    """What was passed over, in words for a terminal: at most `LISTED` by name, and the others by number."""
    told = [one for one in others if one.told]
    words = [f"{on_one_line(one.file)}: {one.why}" for one in told[:LISTED]]
    more, quiet = told[LISTED:], len(others) - len(told)
    if more:
        words.append(f"{len(more)} more: {counted_whys(more)}")
    if quiet:
        words.append(f"{quiet} tables, notes or a system's own files")
    return tuple(words)


def counted_whys(others: Iterable[PassedOver]) -> str:
    """How many were passed over for which reason, the commonest first, without names."""
    whys = Counter(one.why.partition(";")[0] for one in others)
    return ", ".join(f"{count} x {why}" for why, count in whys.most_common())
