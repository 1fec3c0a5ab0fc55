"""Write the run folder of a network; its files are told in `edgecad_train.runs.names`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgecad_train.data import DataFinding
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.runs.names import HISTORY, MODEL
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.record import History, write_record
from edgecad_train.runs.writing.common import ALL, NO_COLUMNS, Contents, common_record, write_common
from edgecad_train.runs.writing.exporting import write_for_export
from edgecad_train.splits.split import Folds
from edgecad_train.training.search.record import FoundHead, SearchRecord


def write_run(
    outcome: TrainingOutcome,
    partial: Path,
    seconds: float,
    patient_rule: str,
    findings: Sequence[DataFinding] = (),
    contents: Contents = ALL,
    columns: PatientColumns = NO_COLUMNS,
) -> None:
    """Write the files of a run, without its pictures, into `partial`, a folder that is renamed when it is whole.

    Args:
        seconds: that the run took, over all its sessions.
        columns: those that are kept, by patient.
    """
    plan = outcome.settings.plan
    trains_top = any(stage.part == "top" for stage in plan.stages)
    record = msgspec.structs.replace(
        common_record(outcome, plan, seconds, patient_rule, findings, columns),
        fine_tuned_from=outcome.network.fine_tuned_from if trains_top else None,
        unfrozen=outcome.network.unfrozen() if trains_top else None,
        optimism=outcome.optimism,
        search=search_record(outcome),
        frozen_on=outcome.frozen_on,
    )
    write_common(outcome, record, partial, contents, columns)
    write_record(History(trainings=outcome.histories), partial / HISTORY)
    if contents.model:
        outcome.network.model.save(partial / MODEL)
        write_for_export(outcome, outcome.network_logits, outcome.centres, partial)


def search_record(outcome: TrainingOutcome) -> SearchRecord | None:
    """What was searched, and who chose after it; None without a search."""
    if not outcome.settings.trials:
        return None
    named = zip(outcome.histories, outcome.choices, strict=True)
    apart = outcome.deciders if isinstance(outcome.partition, Folds) else ()
    # Folds that were trained again by the head that is exported have no search of their own.
    own = set(apart) if outcome.chosen_apart else set[str]()
    found = tuple(FoundHead(history.name, choice) for history, choice in named if history.name not in own)
    return SearchRecord(outcome.settings.trials, found, apart)
