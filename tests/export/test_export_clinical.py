"""A fused score that falls where the image's own rises is not exported: its heat map would point the wrong way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad.contract import contract_from_json
from edgecad.errors import UsageError

FUSED = Path(__file__).resolve().parents[1] / "contract" / "kinds" / "clinical.json"


@pytest.mark.parametrize(("counts", "held"), [(1.1, True), (0.0, True), (-0.4, False)])
def test_an_image_that_counts_the_wrong_way_round_is_refused_before_anything_is_made(
    counts: float, held: bool, run_folder: Callable[..., Path], small_classifier: Callable[..., Any],
    edgecad_here: Callable[..., tuple[int, str]], tmp_path: Path,
) -> None:  # fmt: skip
    fused = contract_from_json(FUSED.read_text("utf-8")).clinical
    assert fused is not None
    coefficient = replace(fused.image.coefficient, log_odds=counts, low=counts - 1, high=counts + 1)
    turned = replace(fused, image=replace(fused.image, coefficient=coefficient))
    run_folder(tmp_path / "runs" / "a", small_classifier(), clinical=turned)
    code, said = edgecad_here("export", "runs/a")
    if held:
        assert code == 0, said
    else:
        assert code == UsageError.exit_code, said
        assert "the image counts the wrong way round, -0.4 (-1.4 to +0.6) log-odds" in said
        assert "train without --clinical, or on more patients" in said
        assert not (tmp_path / "models").exists()
