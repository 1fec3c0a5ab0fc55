"""The file that tells a folder of phantoms, and that names what in it is one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES, LabelRule

LABELS_NAME, MARK_NAME, MASKS_NAME = "labels.csv", "PHANTOMS.json", "masks"


def files_named(mark: Path) -> list[Path]:
    """Return the files that a phantom folder's mark names, each inside the folder.

    Raises:
        UsageError: the file is damaged, or names what no phantom is called.
    """
    try:
        names = json.loads(mark.read_text("utf-8"))["files"]
        paths = [mark.parent / str(name) for name in names]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{mark} cannot be read as a list of phantoms: give another folder, or draw new ones in one"
        ) from error
    screens, masks = rf"(?:{'|'.join(CLASSES)})/phantom-\d{{4,}}\.jpg", rf"{MASKS_NAME}/phantom-\d{{4,}}\.png"
    known = re.compile(rf"{screens}|{masks}|{re.escape(LABELS_NAME)}")
    root = mark.parent.resolve()
    # Names first: a path with a NUL in it cannot even be resolved.
    named = all(known.fullmatch(str(name)) for name in names)
    if not named or not all(path.parent.resolve().is_relative_to(root) for path in paths):
        raise UsageError(f"{mark} names files outside its folder, or that no phantom has: give another folder")
    return paths


def is_named(path: Path) -> bool:
    """Whether `path`, in a class folder, is named by the mark above it; saved in another format, it still is.

    Raises:
        UsageError: there is a mark and it cannot be read: it must not be guessed whose scans these are.
    """
    mark = path.parent.parent / MARK_NAME
    return mark.is_file() and path.with_suffix("") in {named.with_suffix("") for named in files_named(mark)}


def label_rule_of(paths: Iterable[Path]) -> LabelRule | None:
    """The rule by which the marks above phantoms say that these were labelled; None where they say none, or several."""
    rules = {_rule_in(mark) for mark in {path.parent.parent / MARK_NAME for path in paths}}
    return rules.pop() if len(rules) == 1 else None


def _rule_in(mark: Path) -> LabelRule | None:
    try:
        told = json.loads(mark.read_text("utf-8"))["label_rule"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return told if told in get_args(LabelRule) else None
