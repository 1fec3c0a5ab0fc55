"""A tiny model that fuses age, sex and diabetes with its image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from edgecad import Contract
from edgecad.contract import (
    CategoryColumn,
    CategoryEffect,
    ClinicalModel,
    Coefficient,
    Decision,
    ImageTerm,
    Missing,
    NumberColumn,
    YesNoColumn,
    Zone,
)


def about(value: float) -> Coefficient:
    return Coefficient(log_odds=value, low=value - 0.2, high=value + 0.2)


FUSED = ClinicalModel(
    baseline=-0.3,
    image=ImageTerm(mean=0.4, coefficient=about(0.7)),
    columns=(
        NumberColumn(name="age", minimum=40.0, maximum=85.0, mean=62.0, coefficient=about(0.05)),
        CategoryColumn(
            name="sex",
            categories=(
                CategoryEffect(name="F", patients=70, coefficient=about(-0.3)),
                CategoryEffect(name="M", patients=105, coefficient=about(0.2)),
            ),
        ),
        YesNoColumn(name="diabetes", mean=0.25, coefficient=about(0.9)),
    ),
    decision=Decision(
        threshold=0.4,
        rule="given",
        temperature=1.25,
        zone=Zone(low=0.35, high=0.45, alpha=0.1, cad=99, other=75, part="out-of-fold", wrong_up_to=0.15),
    ),
    missing="refuse",
    patients=175,
    left_out=3,
    metrics=(),
    gains=(),
    method="given",
)
GIVEN = {"age": 70, "sex": "M", "diabetes": True}

Written = Callable[..., Path]


@pytest.fixture
def fused_model(tiny_contract: Contract, tiny_model: Callable[..., bytes], tmp_path: Path) -> Written:
    """Write the tiny model with clinical columns, golden answers inside; `missing` and `clinical` may be others."""
    from edgecad.inference.replaying import golden_answers

    def write(missing: Missing = "refuse", clinical: ClinicalModel = FUSED) -> Path:
        contract = replace(tiny_contract, clinical=replace(clinical, missing=missing))
        path = tmp_path / f"{missing}.onnx"
        path.write_bytes(tiny_model(contract))
        path.write_bytes(tiny_model(replace(contract, golden=golden_answers(path))))
        return path

    return write
