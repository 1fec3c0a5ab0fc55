"""What is known of a file that was proven and written."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad.contract import Contract
from edgecad_export.candidates import Candidate


@dataclass(frozen=True)
class ExportedFile:
    """A file that holds, as it lies in the model folder.

    Attributes:
        name: in the folder.
        sha256: in hexadecimal.
        contract: with the golden answers.
        milliseconds: median of one image through the network here, on the CPU.
    """

    name: str
    size_bytes: int
    sha256: str
    candidate: Candidate
    contract: Contract
    milliseconds: float
