"""From a file's bytes to its text; what is no text in UTF-8 is called by its name."""

from __future__ import annotations

from pathlib import Path

from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES

COLUMNS = ("path", "label", "patient")
"""Those that every table needs."""
OTHER_KINDS = {
    "text in UTF-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
    "text in UTF-16": (b"\xff\xfe", b"\xfe\xff"),
    "an Excel workbook": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"),
    "a gzip archive": (b"\x1f\x8b",),
    "a PDF": (b"%PDF",),
    "a page in HTML or XML": (b"<",),
}
"""What people name in place of a CSV, and the bytes that it begins with."""
SAVE_AGAIN = "save it as CSV in UTF-8, with commas between the columns"
FOLDER_LAYOUT = f"wanted: class folders {CLASSES[0]}/ and {CLASSES[1]}/, or a CSV with {','.join(COLUMNS)}"


def text_of(table: Path) -> str:
    """A CSV's text without a byte order mark.

    Raises:
        UsageError: it is empty, or no text in UTF-8; with what a spreadsheet must be told.
    """
    content = table.read_bytes()
    if not content.strip():
        raise UsageError(f"{table} is empty; {FOLDER_LAYOUT}")
    for kind, marks in OTHER_KINDS.items():
        if content.startswith(marks):
            raise UsageError(f"{table} is {kind}; {SAVE_AGAIN}")
    if b"\0" in content:
        raise UsageError(f"{table} holds zero bytes, as UTF-16 and binary files do; {SAVE_AGAIN}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{table} is not a CSV file in UTF-8: line {line} holds other bytes; {SAVE_AGAIN}") from error
