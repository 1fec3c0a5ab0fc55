"""What follows on a study: the command that trains one of its cells again, to be looked at and exported."""

from __future__ import annotations

from pathlib import Path

from edgecad_train.runs.request import DataOptions, Request
from edgecad_train.study.definition import REFERENCE_STRATEGY, Study
from edgecad_train.study.planning import Planned, Wanted
from edgecad_train.study.units import Unit
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import plan_for


def next_cell(study: Study) -> Unit:
    """The first run of the network that was asked for first, two-stage if it was asked for.

    Never the table's best: that would be choosing on test patients.
    """
    own = [unit for unit in study.units if unit.backbone == study.units[0].backbone]
    return next((unit for unit in own if unit.strategy == REFERENCE_STRATEGY), own[0])


def next_command(wanted: Wanted, plan: Planned, out: Path) -> str:
    """The command that does what the cell's run did: the same scans, parts, weights and figures."""
    unit = next_cell(plan.study)
    folds = unit.inner_folds if unit.fold is None else None
    split = None if unit.fold is None else out / "splits" / f"{unit.part_name.replace(' ', '-')}.json"
    options = DataOptions(wanted.crop, wanted.patient_from, None, folds, split)
    return Request(wanted.data, options, _settings(unit, plan)).command


def _settings(unit: Unit, plan: Planned) -> Settings:
    asked = unit.training
    return Settings(
        backbone=unit.backbone,
        weights=_weights(unit, plan),
        strategy=unit.strategy,
        lr_exponent=asked.lr_exponent,
        layerwise=unit.layerwise,
        warmup_epochs=asked.warmup_epochs,
        finetune_epochs=asked.finetune_epochs,
        units=asked.hidden_units,
        activation=asked.activation,
        dropout=asked.dropout,
        batch_size=asked.batch_size,
        decide=asked.decide,
        seed=unit.seed,
    )


def _weights(unit: Unit, plan: Planned) -> str | None:
    """As the option says it; nothing where it would be the default."""
    if unit.weights.name == "imagenet" or not plan_for(unit.strategy).pretrained:
        return None
    return str(plan.weights_files[unit.backbone]) if unit.weights.sha256 else "none"
