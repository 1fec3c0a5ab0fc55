"""What speaks against a model is said when it is exported, too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad.contract import Contract, contract_from_json
from edgecad.decision.evidence import Evidence, OperatingPoint, Share
from edgecad.errors import UsageError
from edgecad_export.cli import export as command
from edgecad_export.modelfolder.engines import Engines

FUSED = Path(__file__).resolve().parents[1] / "contract" / "kinds" / "clinical.json"


@pytest.mark.parametrize(("cleared", "told"), [(20, True), (80, False)])
def test_a_threshold_that_is_useless_is_a_warning_of_export(
    contract_of: Callable[..., Contract], cleared: int, told: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    contract = contract_of()
    point = OperatingPoint(
        rule="balanced",
        threshold=contract.decision.threshold,
        sensitivity=Share(count=90, n=100, low=0.8, high=1.0),
        specificity=Share(count=cleared, n=100, low=0.0, high=1.0),
        rests_on=200,
    )
    evidence = Evidence(part="out-of-fold", point=point, refused=None, scores_differ=True, scores_rise=True, table=())
    own = replace(contract, decision=replace(contract.decision, evidence=evidence))
    file = SimpleNamespace(name="model.onnx", size_bytes=1, contract=own)
    monkeypatch.setattr("edgecad_export.table.table_of", lambda files, refused: [])
    done = SimpleNamespace(files=(file,), golden_spread=1.0, folder=Path("models/x"), refused=(), engines=Engines())
    command._print(done)  # type: ignore[arg-type]
    said = capsys.readouterr()
    assert ("warning: DO NOT DEPLOY: at its threshold, sensitivity 0.90 (90 of 100)" in said.err) == told
    assert "wrote models/x: model.onnx" in said.out


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
