"""Class folders: scans by folder, what else lies there, and what to do where a class folder is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from edgecad.clinical.cells import plain_cell
from edgecad.errors import UsageError
from edgecad.images import PassedOver, content_of, passed, passed_over, why_passed_over
from edgecad_train.classes import CLASSES
from edgecad_train.data.found import Found
from edgecad_train.data.labelled import PATIENT_FROM_RULE, STEM_RULE, Case
from edgecad_train.data.table.cells import class_meant
from edgecad_train.data.table.reading import read_table
from edgecad_train.data.table.text import FOLDER_LAYOUT
from edgecad_train.data.truth.columns import truth_of_row
from edgecad_train.data.truth.defect import DefectTruth
from edgecad_train.phantoms.mark import LABELS_NAME, MARK_NAME, MASKS_NAME

_FOLDERS = f"the class folders {CLASSES[0]}/ and {CLASSES[1]}/"
_COPIES = {
    ".ipynb_checkpoints": "copies that a notebook keeps",
    "__macosx": "what a Mac adds to archives",
    ".trashes": "what a Mac has thrown away",
}
"""Folders that programs make beside scans, by name in small letters, and what they hold."""
SHOWN = 6
"""Most folders that a message names."""


def cases_of_folders(data: Path, patient_from: str | None) -> Found:
    """The scans of class folders; see `find_cases`."""
    missing = [name for name in CLASSES if not (data / name).is_dir()]
    if missing:
        raise UsageError(f"{data} has no folder {' and no folder '.join(missing)}; {_step(data, missing)}")
    # The table is what `edgecad phantom` writes last.
    if (data / MARK_NAME).is_file() and not (data / LABELS_NAME).is_file():
        raise UsageError(f"{data} is a phantom folder that was not finished; run: edgecad phantom {data} --force")
    pattern = _compiled(patient_from)
    cases, others = [], list(_beside_classes(data))
    for label in CLASSES:
        content = content_of(data / label)
        scans = [path for path in content.scans if not _among_copies(path.relative_to(data / label))]
        cases += [Case(path, label, _patient_of(path.relative_to(data / label), pattern)) for path in scans]
        others += map(_looked_into, content.passed)
        others += _copies_in(data / label)
    rule = PATIENT_FROM_RULE.format(patient_from) if patient_from else STEM_RULE
    known = _truths_of_phantoms(data)
    return Found(tuple(replace(case, defect=known.get(case.path)) for case in cases), rule, tuple(others))


def _step(data: Path, missing: list[str]) -> str:
    """What to do about class folders that are not there, from what is."""
    inside = sorted(path for path in data.iterdir() if path.is_dir() and not path.name.startswith("."))
    whole = [path for path in inside if all((path / name).is_dir() for name in CLASSES)]
    if whole:
        return f"the class folders are in {whole[0]}; name that one"
    renamed = [(path.name, meant) for path in inside if (meant := class_meant(plain_cell(path.name))) in missing]
    if renamed:
        seen = " and ".join(f"{name}/" for name, _ in renamed)
        return f"you have {seen}: {', '.join(f'rename {name} to {meant}' for name, meant in renamed)}"
    tables = sorted(path for path in data.iterdir() if path.suffix.lower() in (".csv", ".tsv") and path.is_file())
    if tables:
        return f"to take the table in it, name the table itself: {tables[0]}; otherwise {FOLDER_LAYOUT}"
    if not inside:
        return FOLDER_LAYOUT
    more = ", ..." if len(inside) > SHOWN else ""
    seen = ", ".join(f"{path.name}/" for path in inside[:SHOWN])
    return f"{FOLDER_LAYOUT}; you have {seen}{more}: rename those that hold one class each"


def _truths_of_phantoms(data: Path) -> dict[Path, DefectTruth | None]:
    """Where the defects of phantoms are, by path; nothing in a folder that `edgecad phantom` did not write."""
    if not (data / MARK_NAME).is_file():
        return {}
    table = read_table(data / LABELS_NAME)
    return {
        data / line.cell("path"): truth_of_row(line.cells, data, f"{table.path}, line {line.number}")
        for line in table.lines
    }


def _beside_classes(data: Path) -> Iterator[PassedOver]:
    """What lies beside the class folders and has no class: folders such as `unclear/`, and scans."""
    phantoms = (data / MARK_NAME).is_file()
    for path in sorted(data.iterdir()):
        if path.name in (*CLASSES, LABELS_NAME, MARK_NAME) or (path.name == MASKS_NAME and phantoms):
            continue
        if path.is_dir() and path.name.lower() in _COPIES:
            yield _copies(path)
        elif path.is_dir() and not passed_over(path.name):
            yield _folder_beside(path)
        else:
            why = why_passed_over(path)
            yield _looked_into(why) if why else passed(path, "beside", f"it lies beside {_FOLDERS}; move it into one")


def _folder_beside(folder: Path) -> PassedOver:
    scans = _scans_in(folder)
    if not scans:
        return passed(folder, "note", "a folder without scans")
    why = f"a folder beside {_FOLDERS}, with {_counted(scans)}; they have no class and are not used"
    return passed(folder, "beside", why)


def _looked_into(one: PassedOver) -> PassedOver:
    """What is passed over; a hidden folder is named where it holds scans, which nobody would miss otherwise."""
    folder = Path(one.file)
    if one.kind != "system" or folder.is_symlink() or not folder.is_dir() or folder.name.startswith(".edgecad-"):
        return one
    if folder.name.lower() in _COPIES:
        return _copies(folder)
    scans = _scans_in(folder)
    why = f"a hidden folder, with {_counted(scans)}, which are not used; rename it if they are meant"
    return passed(folder, "hidden", why) if scans else one


def _copies(folder: Path) -> PassedOver:
    scans = _scans_in(folder)
    what = _COPIES[folder.name.lower()]
    return passed(folder, "hidden", f"{what}, with {_counted(scans)}, which are not used" if scans else what)


def _copies_in(folder: Path) -> Iterator[PassedOver]:
    """Folders of copies whose names do not begin with a dot, so that they are entered by who lists scans."""
    for path in sorted(folder.rglob("*")):
        if path.name.lower() in _COPIES and not path.name.startswith(".") and path.is_dir():
            yield _copies(path)


def _among_copies(path: Path) -> bool:
    return any(part.lower() in _COPIES for part in path.parts[:-1])


def _scans_in(folder: Path) -> int:
    return len(content_of(folder).scans)


def _counted(scans: int) -> str:
    return "1 scan" if scans == 1 else f"{scans} scans"


def _compiled(patient_from: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(patient_from) if patient_from else None
    except re.error as error:
        raise UsageError(
            f"--patient-from '{patient_from}' is not a regular expression: {error}; mend it, or leave it out"
        ) from error


def _patient_of(path: Path, pattern: re.Pattern[str] | None) -> str:
    """Of a scan, from its path in its class folder."""
    name = path.with_suffix("").as_posix()
    if pattern is None:
        if len(path.parts) > 1:
            raise UsageError(
                f"{path} lies in a folder inside its class folder, and whether that is a patient's is not said; say "
                f"where the patient is in {name!r}: --patient-from '^[^/]+' takes the folder, '[^/]+$' the file"
            )
        return name
    match = pattern.search(name)
    if match is None or not match.group(1 if pattern.groups else 0):
        raise UsageError(
            f"--patient-from '{pattern.pattern}' finds no patient in {path}; give one that does, or leave it out"
        )
    return match.group(1) if pattern.groups else match.group(0)
