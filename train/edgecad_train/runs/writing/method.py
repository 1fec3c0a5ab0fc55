"""Write the run folder of a method: without Keras unless the method has a network of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data import DataFinding
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.runs.names import LEARNT, MODEL, VALIDATION
from edgecad_train.runs.outcome import MethodOutcome
from edgecad_train.runs.record import MethodRecord
from edgecad_train.runs.writing.common import ALL, NO_COLUMNS, Contents, common_record, some_of, write_common
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

    What the method learnt is always kept, as it is small; a Keras model and the images for its check only with
    `contents.model`.
    """
    method = outcome.method
    plan = Plan(method.name, (), pretrained=method.takes_network)
    record = msgspec.structs.replace(
        common_record(outcome, plan, seconds, patient_rule, findings, columns),
        method=MethodRecord(name=method.name, chosen=outcome.chosen),
    )
    write_common(outcome, record, partial, contents, columns)
    if outcome.own.learnt:
        np.savez_compressed(partial / LEARNT, **outcome.own.learnt)  # type: ignore[arg-type]
    if not contents.model:
        return
    if outcome.own.model is not None:
        outcome.own.model.save(partial / MODEL)
    rows = outcome.development[some_of(len(outcome.development))]
    logits = np.zeros((len(rows), len(CLASSES)))
    logits[:, CLASSES.index(POSITIVE)] = outcome.own.log_odds[rows]
    np.savez_compressed(
        partial / VALIDATION, images=outcome.data.images[rows], labels=outcome.data.labels[rows], logits=logits
    )
