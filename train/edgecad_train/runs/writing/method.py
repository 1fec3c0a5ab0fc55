"""Write the run folder of a method: without Keras unless the method has a network of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgecad_train.data import DataFinding
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.runs.names import LEARNT, MODEL
from edgecad_train.runs.outcome import MethodOutcome
from edgecad_train.runs.record import MethodRecord
from edgecad_train.runs.writing.common import ALL, NO_COLUMNS, Contents, common_record, write_common
from edgecad_train.runs.writing.exporting import write_for_export
from edgecad_train.training.strategies import Plan


def write_method_run(
    outcome: MethodOutcome,
    partial: Path,
    seconds: float,
    patient_rule: str,
    findings: Sequence[DataFinding] = (),
    contents: Contents = ALL,
    columns: PatientColumns = NO_COLUMNS,
) -> None:
    """Write the files of a method's run into `partial`, a folder that is renamed when it is whole.

    What the method learnt is always kept, as it is small; a Keras model, and what the exporter needs beside it, where
    the run has one.
    """
    method = outcome.method
    plan = Plan(method.name, (), pretrained=method.takes_network)
    record = msgspec.structs.replace(
        common_record(outcome, plan, seconds, patient_rule, findings, columns),
        method=MethodRecord(name=method.name, words=method.words, chosen=outcome.chosen, row_only=method.row_only),
    )
    write_common(outcome, record, partial, contents, columns)
    if outcome.own.learnt:
        np.savez_compressed(partial / LEARNT, **outcome.own.learnt)  # type: ignore[arg-type]
    if outcome.kept is None:
        return
    outcome.kept.model.save(partial / MODEL)
    write_for_export(outcome, outcome.kept.logits[outcome.development], outcome.centres, partial)
