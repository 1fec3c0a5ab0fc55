"""Keep patients' names out of a page: free text is shown only if it holds no name and no file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

FILE_LIKE = re.compile(r"\.(jpe?g|png|dcm|dicom|csv|tiff?|bmp)\b", re.IGNORECASE)


class Names:
    """The names that must not be shown: patients, and the files of refused scans."""

    def __init__(self, patients: Iterable[str], files: Iterable[str]) -> None:
        whole = {name for file in files for name in (file, PurePath(file).stem)}
        known = sorted({name for name in {*patients, *whole} if name.strip()}, key=len, reverse=True)
        # A word of its own, so that patient 1 is not found in 2021.
        words = "|".join(re.escape(name) for name in known) or r"(?!)"
        self._pattern = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])")

    def names_somebody(self, text: str) -> bool:
        """Whether `text` holds a patient's name, or what looks like a file's."""
        return bool(self._pattern.search(text) or FILE_LIKE.search(text))
