"""What follows on a study: the command that trains one of its cells again, to be looked at and exported."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from edgecad_train.methods.table import EXPORTABLE
from edgecad_train.options import InputOptions
from edgecad_train.runs.request import DataOptions, TrainRequest
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.definition.request import StudyRequest
from edgecad_train.study.definition.spec import REFERENCE_STRATEGY, Study
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.folder import StudyFolder


def next_cell(study: Study) -> Unit | None:
    """The first run of the network that was named first, two-stage if the study has it.

    Without strategies it is the first of a method that `train` takes; None without one. Never the table's best: that
    would be choosing on test patients.
    """
    first = study.spec.backbones[0].name
    own = [unit for unit in study.units if not unit.method and unit.settings.backbone == first]
    methods = (unit for unit in study.units if unit.method in EXPORTABLE)
    fallback = own[0] if own else next(methods, None)
    return next((unit for unit in own if unit.settings.strategy == REFERENCE_STRATEGY), fallback)


def next_command(request: StudyRequest, plan: StudyPlan, out: Path) -> str | None:
    """The command that does what the cell's run did: same scans, parts, weights and figures; None without a cell."""
    unit = next_cell(plan.study)
    if unit is None:
        return None
    given, settings = request.options, replace(unit.settings, weights=_weights(unit, plan))
    options = DataOptions(
        **{each.name: getattr(given, each.name) for each in fields(InputOptions)}, patient_from=given.patient_from
    )
    if unit.fold is not None:
        options = replace(options, split=StudyFolder(out).partition_file(unit.part_name))
    elif unit.inner_folds:
        options = replace(options, folds=unit.inner_folds)
    else:
        options = replace(options, protocol="holdout")
    return TrainRequest(request.data, options, settings, method=unit.method).command


def _weights(unit: Unit, plan: StudyPlan) -> str | None:
    """As the option says it; nothing where it would be the default."""
    if unit.settings.weights == "imagenet" or not unit.settings.plan.pretrained:
        return None
    return str(plan.weights_files[unit.settings.backbone]) if unit.weights_sha256 else "none"
