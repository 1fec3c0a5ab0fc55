"""Proofs of a GPU: what a file must be, what is read out of it, and what a person sees."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

import edgecad as runtime
from edgecad.cli.doctor.proof import proof_lines
from edgecad.doctor.proof.figures import (
    BatchTime,
    BatchTimes,
    EngineBuilt,
    GoldenAgreement,
    Latency,
    PhantomAgreement,
    Refusals,
    RefusedDevice,
    Times,
)
from edgecad.doctor.proof.judging import differences, notes_on
from edgecad.doctor.proof.reading import MOST, read_proof
from edgecad.doctor.proof.record import FOUND, Card, GpuProof, Host, ModelTried, ProofStep, ProofTarget
from edgecad.engines.gpu import Gpu
from edgecad.errors import UsageError

ON = ProofTarget("a-model", "tensorrt", "fp16", "tensorrt_rtx")
CARD = Card(name="NVIDIA Test 2000", capability="8.6", memory_mb=6442, driver="580.65 (CUDA 13.0)", cards=2)
GPU = Gpu("NVIDIA Test 2000", "8.6", "580.65 (CUDA 13.0)")
PROVEN = (
    ProofStep(check="strict", state="proven", figures=Refusals((RefusedDevice("cuda:2", 4, "no such GPU"),))),
    ProofStep(check="build", state="proven", target=ON, figures=EngineBuilt("tensorrt_rtx 1.7", 3.5, True)),
    ProofStep(check="golden", state="proven", target=ON, figures=GoldenAgreement(3, 1e-4, 0.9999, 0.0)),
    ProofStep(
        check="parity", state="proven", target=ON,
        figures=PhantomAgreement(40, 2e-3, 1e-3, 0.9995, 0, {"probability": 0.01, "heatmap": 0.999}),
    ),
    ProofStep(
        check="latency", state="proven", target=ON,
        figures=Latency(200, Times(9.0, 9.5), Times(0.9, 1.0), Times(0.75, 0.8), recorded=True),
    ),
    ProofStep(
        check="batches", state="proven", target=ON,
        figures=BatchTimes((
            BatchTime(images=1, network=Times(1.0, 1.1), a_second=1000.0),
            BatchTime(images=64, reason="not the memory; run fewer at once"),
        )),
    ),
)  # fmt: skip
FAILED = ProofStep(
    check="golden", state="failed", target=replace(ON, precision="fp32"), reason="phantom-1.jpg otherwise"
)
NOT_RUN = ProofStep(check="open", state="not run", target=ProofTarget("a-model", "cuda", "fp32"), reason="no cuDNN")


def proof(*steps: ProofStep, **changes: Any) -> GpuProof:
    made = GpuProof(
        made="2026-11-30T12:00:00+00:00",
        edgecad=runtime.__version__,
        card=CARD,
        host=Host(system="Linux 6 x86_64", python="3.11.7", processor="A processor", threads=8, memory_gb=32.0),
        packages={"onnxruntime-gpu": "1.31.1"},
        models=(ModelTried(folder="a-model", name="a", backbone="tiny", stamp="PHANTOM", sha256={"fp32": "0" * 64}),),
        steps=steps or PROVEN,
        seconds=321.0,
    )
    return replace(made, **changes)


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], Path]:
    """A file with this content."""

    def write(content: Any) -> Path:
        path = tmp_path / "gpu-proof.json"
        path.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))
        return path

    return write


def test_what_is_written_is_read_again(written: Callable[[Any], Path]) -> None:
    made = proof(*PROVEN, FAILED, NOT_RUN, notes=("a note",))
    assert read_proof(written(made)) == made


@pytest.mark.parametrize(
    ("steps", "changes", "code"),
    [
        (PROVEN, {}, 0),
        ((*PROVEN, NOT_RUN), {}, 4),
        ((*PROVEN, NOT_RUN, FAILED), {}, 5),
        ((PROVEN[0], NOT_RUN), {"card": None}, 4),
        ((PROVEN[0],), {"card": None}, 4),
    ],
)
def test_the_exit_code_says_what_is_proven(
    steps: tuple[ProofStep, ...],
    changes: dict[str, Any],
    code: int,
    written: Callable[[Any], Path],
    edgecad: Callable[..., Any],
) -> None:
    made = proof(*steps, **changes)
    assert made.exit_code == code
    assert proof(*steps, steps=(), **changes).exit_code == 4, "nothing was tried"
    path = written(made)
    assert edgecad("doctor", "--proof", path).code == code
    told = json.loads(edgecad("doctor", "--proof", path, "--json").stdout)
    assert (told["code"], told["proof"]["kind"]) == (code, "edgecad-gpu-proof")


WRONG = {
    "nothing": (b"", "no proof of a GPU"),
    "not JSON": (b"\x89PNG\r\n\x1a\n", "no proof of a GPU"),
    "not text": (b'{"kind": "\xff\xfe"}', "no proof of a GPU"),
    "other JSON": (b'{"schema": 1, "single_stream": null}', "no proof of a GPU"),
    "a list": (b"[]", "no proof of a GPU"),
    "too deep": (b"[" * 200_000, "no proof of a GPU"),
    "a newer version": (
        b'{"kind": "edgecad-gpu-proof", "schema": 2, "more": {}}',
        "schema 2, and this edgecad reads 1",
    ),
    "no version": (b'{"kind": "edgecad-gpu-proof"}', "schema 0"),
    "cut off": (msgspec.json.encode(proof())[:-200], "no proof of a GPU"),
    "a field too many": (msgspec.json.encode(proof())[:-1] + b',"run": "rm -rf"}', "unknown field `run`"),
    "a field too few": (b'{"kind": "edgecad-gpu-proof", "schema": 1}', "missing required field"),
    "too large": (b" " * (MOST + 1), "larger than 4 MiB"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_proof_is_refused_in_one_line(
    kind: str, written: Callable[[Any], Path], edgecad: Callable[..., Any]
) -> None:
    content, words = WRONG[kind]
    ended = edgecad("doctor", "--proof", written(content))
    assert (ended.code, ended.stdout) == (2, "")
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert len(ended.stderr) < 500
    assert ended.peak_mib < 200


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", "device", "name with a break"])
def test_what_is_no_file_is_refused_and_not_waited_for(kind: str, tmp_path: Path, edgecad: Callable[..., Any]) -> None:
    path = {"folder": tmp_path, "device": Path("/dev/zero")}.get(kind, tmp_path / "a\nb.json")
    if kind == "pipe":
        os.mkfifo(path)
    ended = edgecad("doctor", "--proof", path)
    assert ended.code == 2
    assert "cannot be read as a proof" in ended.stderr
    assert "get the right" not in ended.stderr, "that is the step of who wants to write"
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"state": "proven", "figures": None, "reason": ""},
        {"state": "proven", "reason": "and yet"},
        {"state": "failed", "reason": ""},
        {"state": "not run", "reason": "why"},
        {"check": "latency"},
    ],
)
def test_a_step_that_contradicts_itself_is_refused(change: dict[str, Any], written: Callable[[Any], Path]) -> None:
    told = msgspec.to_builtins(proof())
    told["steps"][2].update(change)
    with pytest.raises(UsageError, match="no proof of a GPU"):
        read_proof(written(told))


def test_what_needs_a_card_is_not_proven_without_one(written: Callable[[Any], Path]) -> None:
    told = msgspec.to_builtins(proof())
    told["card"] = None
    with pytest.raises(UsageError, match="there was no card"):
        read_proof(written(told))


def test_a_person_sees_figures_reasons_and_the_verdict() -> None:
    text = "\n".join(proof_lines(proof(*PROVEN, FAILED, NOT_RUN, notes=("mind the driver",)), ()))
    for words in (
        "NVIDIA Test 2000 (compute capability 8.6), 6.4 GB, driver 580.65 (CUDA 13.0), the first of 2",
        "tensorrt (tensorrt_rtx) fp16", "3 hold", "2.0e-03", "0.99950", "9.00", "0.900", "0.750", "1000 by 1",
        "PHANTOM", "cuda:2 refused", "It is of this machine", "mind the driver", "64 at once",
        "golden of a-model on tensorrt (tensorrt_rtx) fp32: phantom-1.jpg otherwise",
        "open of a-model on cuda fp32: no cuDNN", "6 proven, 1 failed, 1 not run: do not use the targets that failed",
    ):  # fmt: skip
        assert words in text, words
    assert "all is proven on NVIDIA Test 2000" in "\n".join(proof_lines(proof(), ()))


def test_nothing_in_a_file_steers_the_terminal(written: Callable[[Any], Path], edgecad: Callable[..., Any]) -> None:
    made = proof(replace(NOT_RUN, reason="\x1b]0;owned\x07\nall is proven"), notes=("\x1b[2J",))
    shown = edgecad("doctor", "--proof", written(made)).stdout
    assert "\x1b" not in shown
    assert "\nall is proven" not in shown


def test_what_differs_from_this_machine_is_said() -> None:
    here = {"onnxruntime-gpu": "1.31.1", "typer": "0.29"}
    assert differences(proof(), GPU, here) == ()
    assert differences(proof(), None, here) == (
        "card: NVIDIA Test 2000 (compute capability 8.6) in the proof, none answers here",
    )
    assert differences(proof(card=None, steps=()), GPU, here)[0].startswith("card: no card in the proof, NVIDIA Test")
    assert differences(proof(), replace_driver("535.1 (CUDA 12.2)"), here) == (
        "driver: 580.65 (CUDA 13.0) in the proof, 535.1 (CUDA 12.2) here",
    )
    assert differences(proof(edgecad="0.0.1"), GPU, {"numpy": "2.4.6"}) == (
        f"edgecad: 0.0.1 in the proof, {runtime.__version__} here",
        "numpy: none in the proof, 2.4.6 here",
        "onnxruntime-gpu: 1.31.1 in the proof, none here",
    )


def replace_driver(driver: str) -> Gpu:
    return Gpu(GPU.name, GPU.capability, driver)


@pytest.mark.parametrize(
    ("card", "versions", "words"),
    [
        (CARD, {"tensorrt": "11.4", "nvidia-cuda-runtime": "13.5"}, ()),
        (None, {"nvidia-cuda-runtime": "13.5"}, ("full TensorRT is not installed",)),
        (replace(CARD, capability="12.0"), {}, ("full TensorRT is not installed",)),
        (replace(CARD, capability="9.0"), {}, ("full TensorRT", "no engines for compute capability 9.0")),
        (
            replace(CARD, driver="550.54 (CUDA 12.4)"),
            {"nvidia-cuda-runtime": "13.5", "tensorrt": "11.4"},
            ("built for CUDA 13, and the driver 550.54 (CUDA 12.4) offers less",),
        ),
    ],
)
def test_what_may_not_run_is_known_beforehand(
    card: Card | None, versions: dict[str, str], words: tuple[str, ...]
) -> None:
    notes = list(notes_on(card, versions))
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))


def test_each_check_has_figures_of_its_own() -> None:
    assert len(set(FOUND.values())) == len(FOUND)
