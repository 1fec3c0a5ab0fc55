"""What a data folder or a CSV holds, before a scan is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgecad.images import PassedOver
from edgecad_train.data.labelled import Case, DataFinding
from edgecad_train.data.table.columns import PatientColumns


@dataclass(frozen=True)
class Found:
    """Labelled scans as they were found.

    Attributes:
        patient_rule: by which the patient was told.
        passed: what in the folders is passed over.
        findings: what names and cells tell, and what was read otherwise than it stands there.
        columns: those of a CSV that were asked for.
    """

    cases: tuple[Case, ...]
    patient_rule: str
    passed: tuple[PassedOver, ...] = ()
    findings: tuple[DataFinding, ...] = ()
    columns: PatientColumns = field(default_factory=PatientColumns)
