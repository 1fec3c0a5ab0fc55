"""scans.json: hashes of the files that a run was made from, so that its scans are known again by content."""

from __future__ import annotations

from pathlib import Path

from edgecad.errors import ModelInvalid
from edgecad.frozen import Frozen, json_from_struct, struct_from_json
from edgecad_train.data.prepared import PreparedData
from edgecad_train.runs.names import SCANS

SCHEMA = 1


class KeptScan(Frozen, frozen=True, kw_only=True):
    """One scan of a run: SHA-256 of its file, and whose it is."""

    sha256: str
    patient: str


class KeptScans(Frozen, frozen=True, kw_only=True):
    """All scans of a run; who of the patients is in which part stands in its split."""

    schema: int = SCHEMA
    scans: tuple[KeptScan, ...]

    def patient_of(self) -> dict[str, str]:
        """SHA-256 of each file -> its patient."""
        return {scan.sha256: scan.patient for scan in self.scans}


def write_scans(data: PreparedData, folder: Path) -> None:
    """Write `scans.json` into a run's folder; nothing where the data kept no hashes."""
    if not data.files:
        return
    pairs = zip(data.files, data.cases, strict=True)
    kept = KeptScans(scans=tuple(KeptScan(sha256=digest, patient=case.patient) for digest, case in pairs))
    (folder / SCANS).write_text(json_from_struct(kept), "utf-8")


def scans_of_run(folder: Path) -> KeptScans | None:
    """Read what `write_scans` wrote; None where an older run kept none.

    Raises:
        ModelInvalid: the file is damaged, or of a newer version.
    """
    path = folder / SCANS
    if not path.is_file():
        return None
    kept = struct_from_json(path.read_bytes(), KeptScans, str(path), "name another run, or train again")
    if kept.schema > SCHEMA:
        raise ModelInvalid(f"{path} is of schema {kept.schema} and this version reads {SCHEMA}; update edgecad")
    return kept
