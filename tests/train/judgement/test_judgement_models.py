"""What cannot be judged: one line, the next step, the documented exit code, and nothing left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.contract import Contract
from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad_train.judgement.models import open_model

Run = Callable[..., Any]


def _refused(answer: Any, code: int, *words: str) -> None:
    assert answer.code == code, answer
    assert answer.stdout == ""
    *progress, last = answer.stderr.splitlines()
    assert last.startswith("edgecad: ")
    assert all(" reading at " in line for line in progress), answer.stderr
    for word in words:
        assert word in answer.stderr
    assert not Path("evaluations").exists()


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def _no_pointer(folder: Path) -> Path:
    (folder / "runs").mkdir(exist_ok=True)
    (folder / "runs/latest").write_text("gone\n")
    return folder / "runs/latest"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "nowhere", ("no run and no model at",)),
        (_empty, ("has no contract.json",)),
        (_no_pointer, ("no run and no model at", "it names")),
    ],
    ids=["no-such-run", "empty-folder", "pointer-to-nothing"],
)
def test_what_is_no_run_is_said_to_be_none(
    make: Callable[[Path], Path], words: tuple[str, ...], edgecad_here: Run, tmp_path: Path, few_phantoms: Path
) -> None:
    _refused(edgecad_here("evaluate", make(tmp_path), few_phantoms), 6, *words)


def _truncated(run: Path) -> None:
    file = run / "model.keras"
    file.write_bytes(file.read_bytes()[:-500])


def _without_network(run: Path) -> None:
    (run / "model.keras").unlink()


def _newer(run: Path) -> None:
    content = json.loads((run / "contract.json").read_text())
    (run / "contract.json").write_text(json.dumps({**content, "version": 99}))


def _half_a_contract(run: Path) -> None:
    (run / "contract.json").write_text((run / "contract.json").read_text()[:300])


def _other_size(run: Path) -> None:
    content = json.loads((run / "contract.json").read_text())
    content["preparation"]["size"] = 128
    (run / "contract.json").write_text(json.dumps(content))


def _other_classes(run: Path) -> None:
    content = json.loads((run / "contract.json").read_text())
    content |= {"classes": ["scar", "none"], "positive": "scar"}
    (run / "contract.json").write_text(json.dumps(content))


def _broken_split(run: Path) -> None:
    (run / "split.json").write_text('{"train": 3}')


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_truncated, ("model.keras cannot be loaded", "edgecad train")),
        (_without_network, ("has no model.keras", "name another")),
        (_newer, ("version 99", "update edgecad")),
        (_half_a_contract, ("contract.json cannot be used", "edgecad train")),
        (_other_size, ("(None, 64, 64, 3)", "128 pixels")),
        (_other_classes, ("scar from none", "CAD and nonCAD")),
        (_broken_split, ("split.json cannot be used", "edgecad train")),
    ],
)
def test_a_damaged_run_is_one_line_with_code_6(
    damage: Callable[[Path], None], words: tuple[str, ...], edgecad_here: Run, make_run: Run, few_phantoms: Path
) -> None:
    run = make_run()
    damage(run)
    _refused(edgecad_here("evaluate", run, few_phantoms), 6, *words)
    _refused(edgecad_here("evaluate", make_run("whole"), few_phantoms, "--against", run), 6, *words)


def test_a_truncated_model_is_one_line_with_code_6(
    edgecad_here: Run, model_folder: Path, tmp_path: Path, few_phantoms: Path
) -> None:
    file = tmp_path / "half.onnx"
    file.write_bytes((model_folder / "model.onnx").read_bytes()[:400])
    _refused(edgecad_here("evaluate", file, few_phantoms), 6)


def test_a_model_with_a_newer_contract_is_one_line_with_code_6(
    edgecad_here: Run, tiny_model: Run, tiny_contract: Contract, tmp_path: Path, few_phantoms: Path
) -> None:
    text = json.dumps({**json.loads(json_from_struct(tiny_contract)), "version": 99})
    (tmp_path / "newer.onnx").write_bytes(tiny_model(text))
    _refused(edgecad_here("evaluate", tmp_path / "newer.onnx", few_phantoms), 6, "version 99", "update edgecad")


def test_an_engine_that_gives_nan_is_a_failed_gate(
    edgecad_here: Run, tiny_model: Run, tmp_path: Path, few_phantoms: Path
) -> None:
    (tmp_path / "nan.onnx").write_bytes(tiny_model(off_logits=float("nan")))
    _refused(edgecad_here("evaluate", tmp_path / "nan.onnx", few_phantoms), 5, "not finite")


def test_data_without_a_class_is_a_usage_error(edgecad_here: Run, make_run: Run, few_phantoms: Path) -> None:
    shutil.copytree(few_phantoms / "CAD", "half/CAD")
    _refused(edgecad_here("evaluate", make_run(), "half"), 2, "no folder nonCAD")
    _refused(edgecad_here("evaluate", make_run("second"), "nothing"), 2, "no data at nothing")


def test_an_out_folder_in_use_is_not_touched(edgecad_here: Run, make_run: Run, few_phantoms: Path) -> None:
    Path("used").mkdir()
    Path("used/mine.txt").write_text("mine")
    _refused(edgecad_here("evaluate", make_run(), few_phantoms, "--out", "used"), 2, "exists already")
    assert [path.name for path in Path("used").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("demand", ["--min-auc", "--min-sensitivity", "--min-specificity"])
def test_a_demand_that_is_no_share_is_a_usage_error(demand: str, edgecad_here: Run, make_run: Run) -> None:
    answer = edgecad_here("evaluate", make_run(), "data", demand, "1.5")
    assert answer.code == 2
    assert demand in answer.stderr


def test_a_key_is_demanded_of_models_and_means_nothing_for_a_run(tmp_path: Path) -> None:
    run = Path(__file__).parents[2] / "formats" / "bb81c68" / "run"
    with pytest.raises(UsageError, match="is a run, which carries no signature; leave --key out"):
        open_model(run, tmp_path / "public.pem")
