"""Whether the precisions of a folder are of one export: their contracts say the same of all but the file itself.

The other files are held against their own digests as well. A folder of which one file was changed is not as it was
exported, whichever file is opened; to hash them all takes a small part of the time that opening one takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgecad.contract import METADATA_KEY, differing_fields
from edgecad.errors import ModelInvalid
from edgecad.modelfiles.bounds import check_size
from edgecad.modelfiles.digest import check_digest, digest_on_disk, said_in
from edgecad.modelfiles.metadata import metadata_in
from edgecad.modelfiles.sums import NEXT_STEP


def check_agreement(path: Path, contract: Mapping[str, Any], others: Iterable[Path]) -> None:
    """Hold a file's contract against those of the other precisions beside it.

    Args:
        contract: as its text has it.
        others: their paths; those that are not there are left out.

    Raises:
        ModelInvalid: one of them is of another export, or says nothing that can be read.
    """
    for other in others:
        if other.is_file():
            _check(path, contract, other)


def _check(path: Path, contract: Mapping[str, Any], other: Path) -> None:
    try:
        check_size(other, other.stat().st_size)
        text = metadata_in(other).get(METADATA_KEY)
    except OSError as error:
        raise ModelInvalid(
            f"{other}, another precision of {path.name}, cannot be read ({error.strerror}); allow it, or {NEXT_STEP}"
        ) from error
    if text is None:
        raise ModelInvalid(
            f"{other} lies beside {path.name} as another precision and carries no EdgeCAD contract; {NEXT_STEP}"
        )
    said = said_in(text, f"the contract of {other.name}")
    differing = differing_fields(contract, said)
    if differing:
        words = ", ".join(differing)
        raise ModelInvalid(
            f"{path.name} and {other.name} in {path.parent} are not of one export: they differ in {words}; {NEXT_STEP}"
        )
    check_digest(other, said, digest_on_disk(other, said.get("digest")))
