"""What `auto` takes after `edgecad bench --save`: what is recorded for model, machine and versions, once proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.cli.program import app
from edgecad.inference.benches.cache import save_bench
from edgecad.inference.benches.lookup import bench_for, choice_words

from .conftest import FolderOf, bench, row

ROWS = (("abacus", "fp32", 1.5), ("cpu", "fp32", 1.75), ("abacus", "int8", 2.0), ("cpu", "int8", 2.5))
AGAINST = {
    ("auto", "auto"): ("abacus", "fp32", "bench of 2026-11-30: network 1.50 ms, against cpu fp32 1.75 ms"),
    ("auto", "int8"): ("abacus", "int8", "bench of 2026-11-30: network 2.00 ms, against cpu int8 2.50 ms"),
    ("auto", None): ("abacus", "fp32", "bench of 2026-11-30: network 1.50 ms, against cpu fp32 1.75 ms"),
    ("cpu", "auto"): ("cpu", "fp32", "bench of 2026-11-30: network 1.75 ms, against cpu int8 2.50 ms"),
    ("cpu", "int8"): ("cpu", "int8", "named"),
}


@pytest.mark.parametrize(("named", "taken"), AGAINST.items(), ids=str)
def test_the_best_that_fits_what_was_named_is_taken(
    named: tuple[str, Any], taken: tuple[str, str, str], folder_of: FolderOf, abacus: None
) -> None:
    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, *(row(*words) for words in ROWS)))
    with Classifier(folder, device=named[0], precision=named[1], replay="never") as classifier:
        assert (classifier.facts.device, classifier.facts.precision, classifier.chosen) == taken
        assert classifier.remark == ""


def test_without_a_saved_bench_it_is_the_default_and_says_so(folder_of: FolderOf, cache: Path) -> None:
    with Classifier(folder_of("fp32", "int8"), replay="never") as classifier:
        assert (classifier.facts.device, classifier.facts.precision) == ("cpu", "int8")
        assert (classifier.chosen, classifier.remark) == ("default", "")
    assert not cache.exists()


def test_a_lone_file_has_a_bench_of_its_own(folder_of: FolderOf, abacus: None) -> None:
    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, row("abacus", "int8")))
    lone = folder / "model.int8.onnx"
    assert bench_for(lone).saved is None
    save_bench(bench(lone, row("abacus", "int8")))
    for precision in ("auto", None):
        with Classifier(lone, precision=precision, replay="never") as classifier:
            assert (classifier.facts.device, classifier.facts.precision) == ("abacus", "int8")


def test_a_bench_without_a_row_that_fits_is_silent(folder_of: FolderOf, abacus: None) -> None:
    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, row("abacus", "fp32"), row("abacus", "int8", fit=False)))
    for device, precision in (("cpu", "auto"), ("auto", "int8")):
        with Classifier(folder, device=device, precision=precision, replay="never") as classifier:
            assert (classifier.facts.device, classifier.chosen, classifier.remark) == ("cpu", "default", "")


def test_noise_stands_in_the_reason(folder_of: FolderOf) -> None:
    folder = folder_of("fp32")
    save_bench(bench(folder, row("cpu", "fp32"), noisy=("others used 30%",)))
    with Classifier(folder, replay="never") as classifier:
        assert classifier.chosen == "bench of 2026-11-30: network 2.00 ms, on a noisy machine"


def test_what_fails_its_golden_samples_now_is_not_taken_and_that_is_said(folder_of: FolderOf, abacus: None) -> None:
    folder = folder_of("fp32", "int8", wrong="int8")
    save_bench(bench(folder, row("abacus", "int8")))
    with Classifier(folder, replay="always") as classifier:
        assert (classifier.facts.device, classifier.facts.precision) == ("cpu", "fp32")
        said = "abacus int8, best in the bench of 2026-11-30, was not taken: on abacus"
        assert classifier.chosen.startswith(f"default; {said}")
        assert classifier.remark.startswith(said)
        assert "otherwise than at export" in classifier.remark


@pytest.mark.parametrize("device", ["tensorrt:7", "cuda:7"])
def test_what_cannot_be_opened_now_is_not_taken_and_that_is_said(device: str, folder_of: FolderOf) -> None:
    folder = folder_of("fp32")
    save_bench(bench(folder, row(device, "fp32")))
    with Classifier(folder, replay="never") as classifier:
        assert classifier.facts.device == "cpu"
        assert classifier.chosen.startswith(f"default; {device} fp32, best in the bench of 2026-11-30, was not taken: ")


@pytest.mark.parametrize(("device", "precision"), [("cpu", "bf16"), ("cuda:1", "int8")])
def test_a_forged_row_that_no_device_runs_ends_in_the_default(device: str, precision: Any, folder_of: FolderOf) -> None:
    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, row(device, precision)))
    with Classifier(folder, replay="never") as classifier:
        assert (classifier.facts.device, classifier.facts.precision) == ("cpu", "int8")
        assert "was not taken" in classifier.chosen


def test_a_model_that_is_not_valid_is_said_to_be_so_all_the_same(folder_of: FolderOf) -> None:
    from edgecad.errors import ModelInvalid

    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, row("cpu", "int8")))
    content = (folder / "model.int8.onnx").read_bytes()
    (folder / "model.int8.onnx").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelInvalid, match=r"changed since it was exported|not the one|SHA256SUMS"):
        Classifier(folder, replay="never")


def test_what_auto_stands_for_is_said_in_a_line(folder_of: FolderOf) -> None:
    folder = folder_of("fp32", "int8")
    assert choice_words(folder).startswith("its default: no bench was saved for this model, machine and versions")
    path = save_bench(bench(folder, row("cpu", "fp32"), row("cpu", "int8", 3.0)))
    why = "bench of 2026-11-30: network 2.00 ms, against cpu int8 3.00 ms"
    assert choice_words(folder) == f"cpu fp32 for a-run, if it is proven: {why}"
    path.write_bytes(b"")
    assert choice_words(folder).startswith(f"its default: the saved bench {path} is not used")


def test_records_say_why(folder_of: FolderOf, phantom_jpeg: Path, tmp_path: Path, abacus: None) -> None:
    folder = folder_of("fp32", "int8")
    save_bench(bench(folder, row("abacus", "fp32", 1.5), row("cpu", "int8", 2.0)))
    (tmp_path / "no-scan.jpg").write_bytes(b"nothing")
    words = ["infer", "--json", str(phantom_jpeg), str(tmp_path / "no-scan.jpg"), "--model", str(folder)]
    for more, chosen in (
        ([], "bench of 2026-11-30: network 1.50 ms, against cpu int8 2.00 ms"),
        (["--device", "cpu", "--precision", "fp32"], "named"),
    ):
        done = CliRunner().invoke(app, [*words, *more])
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert [record["status"] for record in records] == ["answered", "failed"] or len(records) == 2
        assert {record["chosen"] for record in records} == {chosen}


def test_doctor_and_infer_tell_people(
    folder_of: FolderOf, phantom_jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["auto"] is None
    folder = folder_of("fp32", "int8")
    monkeypatch.setenv("EDGECAD_MODEL", str(folder))
    save_bench(bench(folder, row("cpu", "fp32", 1.5), row("cpu", "int8", 2.0)))
    why = "bench of 2026-11-30: network 1.50 ms, against cpu int8 2.00 ms"
    told = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    assert told["auto"] == f"cpu fp32 for a-run, if it is proven: {why}"
    assert f"(CPUExecutionProvider, fp32, {why})" in CliRunner().invoke(app, ["infer", str(phantom_jpeg)]).stdout
    folder.joinpath("model.onnx").write_bytes(b"")
    assert json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["auto"].startswith("its default")
