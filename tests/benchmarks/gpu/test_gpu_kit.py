"""The proof of a GPU: tried out without a card, and with one that is not there (see card/sitecustomize.py)."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad.doctor.proof.figures import BatchTimes, ColdTimes, Latency, PhantomAgreement, Refusals
from edgecad.doctor.proof.reading import read_proof
from edgecad.doctor.proof.record import GpuProof, ProofTarget
from edgecad.engines.gpu import gpu_here

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = ROOT / "benchmarks" / "gpu.py"
CARD = Path(__file__).with_name("card")
SMALL = (
    "--phantoms", "3", "--runs", "2", "--starts", "1", "--rounds", "2", "--batches", "1", "8", "--side", "64",
    "--megabytes", "1",
)  # fmt: skip
EXAMINED = {"open", "golden", "parity", "alike", "latency", "cold", "batches"}
no_card = pytest.mark.skipif(gpu_here() is not None, reason="a GPU is here, and this tries out that none is")


def environment(*folders: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDGECAD_")}
    paths = [*map(str, folders), *filter(None, sys.path)]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), **more}


@pytest.fixture
def kit(tmp_path: Path) -> Callable[..., tuple[int, GpuProof, str]]:
    """Run the program on a card that is not there: its exit code, its file, and what it printed."""

    def run(models: Path, *words: str, mood: str = "") -> tuple[int, GpuProof, str]:
        out = tmp_path / "gpu-proof.json"
        command = [sys.executable, str(PROGRAM), "--models", str(models), "--out", str(out), *SMALL, *words]
        given = environment(CARD, FAKE_CARD=mood, CUDA_VISIBLE_DEVICES="0")
        done = subprocess.run(command, capture_output=True, text=True, env=given, cwd=tmp_path, check=False)
        assert out.exists(), done.stdout + done.stderr
        return done.returncode, read_proof(out), done.stdout + done.stderr

    return run


def states(proof: GpuProof, device: str, precision: str) -> dict[str, str]:
    return {
        step.check: step.state
        for step in proof.steps
        if step.target is not None and (step.target.device, step.target.precision) == (device, precision)
    }


@no_card
@pytest.mark.timeout(240)
def test_without_a_card_all_that_needs_none_is_done_and_make_ends_with_2(
    folder_of: Callable[..., Path], tmp_path: Path, edgecad: Callable[..., Any]
) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    checkout, models = tmp_path / "checkout", folder_of("fp32", "fp16")
    (checkout / ".venv-gpu" / "bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints-gpu.txt", "benchmarks"):
        (checkout / name).symlink_to(ROOT / name)
    words = " ".join(SMALL)
    python = checkout / ".venv-gpu" / "bin" / "python"  # an environment that is installed already
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@" {words} --devices cpu cuda tensorrt\n')
    python.chmod(0o755)
    (checkout / ".venv-gpu" / ".installed-tensorrt-rtx").touch()
    begun = time.monotonic()
    command = [make, "test-gpu", f"MODELS={models}", f"PYTHON={sys.executable}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=checkout, env=environment(), check=False)
    assert time.monotonic() - begun < 120
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Error 4" in done.stderr
    proof = read_proof(checkout / "gpu-proof.json")
    assert (proof.card, proof.exit_code) == (None, 4)
    assert proof.models[0].sha256.keys() == {"fp32", "fp16"}
    assert "pip" not in done.stdout, "it was installed, and installs again"
    for precision in ("fp32", "fp16"):
        assert states(proof, "cpu", precision).keys() == EXAMINED | ({"reference"} if precision == "fp32" else set())
        assert set(states(proof, "cpu", precision).values()) == {"proven"}
        assert states(proof, "cuda", precision) == {"open": "not run"}
        assert states(proof, "tensorrt", precision)["open"] == "not run"
    if find_spec("tensorrt_rtx") is not None:
        assert states(proof, "tensorrt", "fp32")["build"] == "proven"
    (strict,) = (step for step in proof.steps if step.check == "strict")
    assert isinstance(strict.figures, Refusals)
    assert [each.device for each in strict.figures.refused] == ["cuda:0", "cuda:9", "tensorrt:0", "tensorrt:9"]
    shown = edgecad("doctor", "--proof", checkout / "gpu-proof.json")
    assert shown.code == 4
    assert "there was no card" in shown.stdout
    assert "It is of this machine" in shown.stdout


@no_card
@pytest.mark.timeout(300)
def test_with_a_card_every_step_of_every_target_is_proven(
    folder_of: Callable[..., Path], kit: Callable[..., tuple[int, GpuProof, str]]
) -> None:
    code, proof, told = kit(folder_of("fp32", "fp16"))
    assert not proof.of("failed"), told
    assert not proof.of("not run"), told
    assert code == proof.exit_code == 0
    assert proof.card is not None
    assert (proof.card.name, proof.card.capability, proof.card.memory_mb) == ("NVIDIA Test 2000", "8.6", 6442)
    for precision in ("fp32", "fp16"):
        assert states(proof, "cuda", precision).keys() == EXAMINED
        assert states(proof, "tensorrt", precision).keys() == EXAMINED | {"build"}
    asked = [each.device for step in proof.steps if isinstance(step.figures, Refusals) for each in step.figures.refused]
    assert asked == ["cuda:1", "cuda:63", "tensorrt:1", "tensorrt:63", "cuda:0", "tensorrt:0"]
    for step in proof.steps:
        if isinstance(step.figures, Latency):
            assert step.figures.engine is not None, step.name
            recorded = step.target is not None and step.target.device == "tensorrt"
            assert step.figures.recorded == (True if recorded else None)
        if isinstance(step.figures, BatchTimes):
            assert [row.images for row in step.figures.rows] == [1, 8]
            assert all(row.network and row.engine_ms and row.floor_ms for row in step.figures.rows)
        if isinstance(step.figures, ColdTimes):
            assert len(step.figures.starts) == 1
        if isinstance(step.figures, PhantomAgreement):
            assert (step.figures.phantoms, step.figures.labels) == (3, 0)
    assert {step.check: step.figures.proven for step in proof.steps if step.check == "build" and step.figures} == {  # type: ignore[union-attr]
        "build": True
    }


@pytest.fixture
def ordered(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path, tmp_path: Path
) -> Callable[..., dict[str, tuple[str, str, Any]]]:
    """Carry out one order on a card that is not there: state, reason and figures of each check."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    monkeypatch.syspath_prepend(CARD)
    monkeypatch.setenv("EDGECAD_CACHE", str(tmp_path / "cache"))
    orders, running, phantoms = (
        importlib.import_module(f"measures.gpu.{name}") for name in ("orders", "running", "phantoms")
    )
    phantoms.draw_phantoms(tmp_path, 2)

    def carry_out(
        task: str, device: str, mood: str = "", seconds: float = 120.0, library: str = "tensorrt_rtx"
    ) -> dict[str, tuple[str, str, Any]]:
        monkeypatch.setenv("FAKE_CARD", mood)
        target = ProofTarget("tiny", device, "fp32", library if device == "tensorrt" else "")
        order = orders.GpuOrder(
            task=task, target=target, model=str(model_folder), place=str(tmp_path), runs=2, rounds=2, batches=(1, 8)
        )
        steps = list(running.steps_from(order, time.monotonic() + seconds))
        assert tuple(step.check for step in steps) == orders.CHECKS[task], "a step for each check, whatever happens"
        return {step.check: (step.state, step.reason, step.figures) for step in steps}

    return carry_out


@no_card
@pytest.mark.timeout(240)
def test_answers_that_differ_are_steps_that_failed(ordered: Callable[..., Any], tmp_path: Path) -> None:
    assert ordered("reference", "cpu")["reference"][0] == "proven"
    found = ordered("examine", "cuda", "answers otherwise")
    assert [found[check][0] for check in ("open", "golden", "parity", "alike", "latency")] == [
        "proven", "failed", "failed", "proven", "proven",
    ]  # fmt: skip
    assert "otherwise than at export" in found["golden"][1]
    assert "logits" in found["parity"][1]
    assert found["parity"][2].logits > found["parity"][2].wanted["logits"]
    built = ordered("examine", "tensorrt", "answers otherwise")
    assert built["open"][0] == "failed", "a new engine is proven before its first use"
    assert {built[check][0] for check in ("golden", "parity", "alike", "latency")} == {"not run"}
    assert not list(tmp_path.rglob("*.plan")), "and is not kept"


@no_card
@pytest.mark.parametrize(
    ("mood", "seconds", "words"),
    [("crashes", 120.0, "was ended by signal 6"), ("hangs", 6.0, "did not end within the time limit")],
)
def test_a_process_that_dies_or_hangs_is_a_step_that_failed(
    ordered: Callable[..., Any], mood: str, seconds: float, words: str
) -> None:
    found = ordered("examine", "cuda", mood, seconds)
    (failed,) = (reason for state, reason, _ in found.values() if state == "failed")
    assert words in failed
    assert found["latency"][0] == "not run"


@no_card
@pytest.mark.parametrize("library", ["tensorrt", "tensorrt_rtx"])
def test_of_two_libraries_the_one_that_is_tried_computes(
    library: str, ordered: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full").mkdir()
    full = (CARD / "tensorrt_rtx.py").read_text().replace('__version__ = "1.7.1.116"', '__version__ = "11.4.0.106"')
    (tmp_path / "full" / "tensorrt.py").write_text(full)
    monkeypatch.syspath_prepend(tmp_path / "full")
    state, reason, figures = ordered("cold", "tensorrt", library=library)["cold"]
    assert (state, reason) == ("proven", "")
    assert figures.starts
    (sidecar,) = (tmp_path / "cache").rglob("*.plan.json")
    assert json.loads(sidecar.read_text())["identity"]["library"] == library


@no_card
def test_what_begins_after_the_time_limit_is_not_run(ordered: Callable[..., Any]) -> None:
    found = ordered("examine", "cuda", seconds=-1.0)
    assert {state for state, _, _ in found.values()} == {"not run"}
    assert "the time limit was reached" in found["open"][1]


@no_card
def test_a_batch_beyond_the_memory_of_a_card_has_a_reason_and_the_others_have_figures(
    ordered: Callable[..., Any],
) -> None:
    state, _, figures = ordered("batches", "cuda", "little memory")["batches"]
    assert state == "proven"
    one, many = figures.rows
    assert one.network is not None
    assert many.network is None
    assert "run fewer at once" in many.reason


@pytest.mark.parametrize(("make", "code", "words"), [("none", 2, "MODELS=FOLDER"), ("empty", 2, "has no model folder"),
                                                     ("damaged", 6, "gpu.py: ")])  # fmt: skip
def test_without_a_model_nothing_is_written(make: str, code: int, words: str, tmp_path: Path) -> None:
    models = tmp_path / "models"
    if make != "none":
        models.mkdir()
    if make == "damaged":
        (models / "model.onnx").write_bytes(b"\x08\x0a nothing of ours")
    command = [sys.executable, str(PROGRAM), "--models", str(models), "--out", str(tmp_path / "a.json")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert done.returncode == code
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_no_time_is_refused_before_anything_begins(minutes: str, tmp_path: Path) -> None:
    command = [sys.executable, str(PROGRAM), f"--minutes={minutes}", "--out", str(tmp_path / "a.json")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "MINUTES above 0" in done.stderr
    assert not (tmp_path / "a.json").exists()


@pytest.mark.gpu
@pytest.mark.timeout(1800)
def test_on_a_card_nothing_fails(folder_of: Callable[..., Path], tmp_path: Path) -> None:
    if gpu_here() is None:
        pytest.skip("no NVIDIA GPU answers here")
    out = tmp_path / "gpu-proof.json"
    command = [sys.executable, str(PROGRAM), "--models", str(folder_of("fp32")), "--out", str(out), *SMALL]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert not read_proof(out).of("failed"), done.stdout + done.stderr


def test_floors_grow_with_the_batch_and_rates_are_those_of_the_device(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    from edgecad import Classifier

    rates, timing = (importlib.import_module(f"measures.gpu.{name}") for name in ("rates", "timing"))
    found = rates.device_rates("cpu", 128, 4, 2)
    assert set(found) == {"fp32", "fp16"}
    assert all(rate.operations > 1e7 and rate.bytes > 1e7 for rate in found.values())
    works = timing.works_in(model_folder)
    with Classifier(model_folder, device="cpu") as classifier:
        one, four = timing.batches_of(classifier, (1, 4), 2, works, found["fp32"])
    assert 0 < one.floor_ms < four.floor_ms < 4.001 * one.floor_ms
    assert one.engine_ms > 0
    assert four.a_second == pytest.approx(4000 / four.network.p50)


@pytest.mark.parametrize(
    ("precision", "activations", "tolerances", "wanted"),
    [
        ("fp32", ("silu",), {"probabilities": 1.0}, {"logits": 1e-3, "probability": 1e-3, "heatmap": 0.9999}),
        ("fp32", ("relu",), {}, {"logits": 1e-3, "probability": 1e-3}),
        ("fp16", None, {}, {"probability": 0.01}),
        ("fp16", (), {}, {"probability": 0.01, "heatmap": 0.999}),
        ("fp16", ("silu",), {"probabilities": 0.02, "auc_loss": 1.0}, {"probability": 0.02, "heatmap": 0.999}),
        ("fp16", ("silu", "relu"), {"heatmap_correlation": 0.9}, {"probability": 0.01}),
    ],
)
def test_bounds_are_those_that_the_file_was_held_to(
    precision: str, activations: Any, tolerances: Any, wanted: Any, tiny_contract: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    examining = importlib.import_module("measures.gpu.examining")
    version = tiny_contract.version if activations is not None else 1
    contract = replace(
        tiny_contract, version=version, precision=precision, activations=activations, tolerances=tolerances
    )
    assert examining.wanted_of(contract) == wanted
    figures = PhantomAgreement(3, 0.5, 0.5, 0.5, 1, wanted)
    beyond = "; ".join(examining._beyond(figures, wanted))
    assert all(f"{name} 0.5, {bound:g} wanted" in beyond for name, bound in wanted.items())
    assert not list(examining._beyond(PhantomAgreement(3, 0.0, 0.0, 1.0, 0, wanted), wanted))


def test_the_constraints_name_exact_versions_and_none_of_tensorflow() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
        assert all(line.count("==") == 1 and "/" not in line and "@" not in line for line in lines)
        return {line.partition("==")[0].lower().replace("_", "-"): line.partition("==")[2] for line in lines}

    own, all_ = pins("constraints-gpu.txt"), pins("constraints.txt")
    assert {"onnxruntime-gpu", "nvidia-cudnn-cu13", "nvidia-cublas", "tensorrt-rtx", "tensorrt", "cuda-python"} <= set(
        own
    )
    assert not {name for name in own if "tensorflow" in name or "keras" in name or name == "onnxruntime"}
    assert {name: own[name] for name in own if name in all_} == {name: all_[name] for name in own if name in all_}


def test_the_file_holds_no_path_of_the_machine(
    model_folder: Path, kit: Callable[..., tuple[int, GpuProof, str]], tmp_path: Path
) -> None:
    kit(model_folder, "--devices", "cuda", "--minutes", "0.0001")
    text = (tmp_path / "gpu-proof.json").read_text()
    assert str(tmp_path) not in text
    assert str(Path.home()) not in json.dumps(json.loads(text))
    assert "the time limit was reached" in text
