"""`edgecad bench` as a user runs it, on a tiny network; no time is judged."""

from __future__ import annotations

import json
import os
import shlex
import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from edgecad.bench.process import result_of
from edgecad.bench.results import BenchOrder, NotMeasured
from edgecad.bench.scenarios import Limit
from edgecad.cli.bench.telling import tell_time
from edgecad.engines.gpu import gpu_here
from edgecad.runners.devices import unit_words
from edgecad.system.installation import install_words

Run = Callable[..., Any]
QUICK = ("--device", "cpu", "--runs", "20")
SHORT = "import edgecad.bench.process\nedgecad.bench.process.COLD_STARTS, edgecad.bench.process.BATCH_SECONDS = 1, 0.02"
"""One process beside the one that measures shows that there are some, and no batch is run to know its time."""
ONCE = SHORT.replace(" 1, ", " 0, ")
"""The one process that measures is enough, where nobody looks at the cold starts beside it."""


@pytest.mark.parametrize(
    ("scenarios", "runs", "words"),
    [
        (("single-stream", "offline"), None, "about 60 s"),
        (("single-stream",), 20, "about 10 s"),
        (("single-stream", "offline"), 10_000, "about 17 min"),
        (("offline",), None, "about 30 s"),
    ],
)
def test_it_says_beforehand_what_it_may_take(
    scenarios: tuple[Any, ...], runs: int | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = 30.0 if runs is None else 3000.0
    order = BenchOrder(
        model=None, device="", precision=None, begun=0.0, scenarios=scenarios, runs=runs, seconds=seconds, least=64
    )
    tell_time([("cpu", None)], order, save=False)
    assert capsys.readouterr().err == f"this takes {words} at most, roughly\n"
    tell_time([("cpu", None)], order, save=True)
    assert capsys.readouterr().err != f"this takes {words} at most, roughly\n"


def test_everything_is_measured_on_what_works_and_said_of_what_does_not(
    edgecad: Run, folder_of: Callable[..., Path]
) -> None:
    if gpu_here() is not None:
        pytest.skip("a GPU is here, and engines take minutes")
    done = edgecad("bench", folder_of("fp32", "int8"), "--runs", "20", "--json", before=SHORT)
    assert (done.code, done.stderr) == (0, "")
    record = json.loads(done.stdout)
    told = {(row["device"], row["precision"]): row for row in record["configurations"]}
    assert set(told) == {(device, own) for device in unit_words() for own in ("fp32", "int8")}
    for (device, _), row in told.items():
        if "reason" in row:
            assert device != "cpu"
            assert row["code"] == 4 or device == "openvino:cpu", "this machine has a processor alone"
            assert "--device" in row["reason"] or "openvino" in row["reason"]
            continue
        assert device in ("cpu", "openvino:cpu")
        assert len(row["starts"]) == 2
        assert all(start[part] > 0 for start in row["starts"] for part in ("process", "open", "first"))
        stages = {stage["name"]: stage for stage in row["single_stream"]["stages"]}
        assert list(stages) == ["decode", "prepare", "run", "heatmap", "whole"]
        assert all(0 < stage["p50"] <= stage["p90"] <= stage["p95"] <= stage["p99"] for stage in stages.values())
        assert stages["whole"]["p50"] >= max(stages[name]["p50"] for name in ("decode", "prepare", "run"))
        assert (row["single_stream"]["runs"], row["single_stream"]["p90_bound"]) == (20, None)
        assert row["single_stream"]["resident_mb"] > 20
        assert [batch["size"] for batch in row["offline"]["batches"]][:3] == [1, 2, 4]
        assert row["offline"]["folder"]["median"] > 0
    assert record["recommended"]["device"] in ("cpu", "openvino:cpu")
    assert record["saved"] is None
    assert record["machine"]["threads"] >= 1
    assert (record["schema"], record["asked"]["runs"]) == (4, 20)
    assert {"edgecad", "numpy"} <= set(record["versions"])
    assert all(len(row["model_sha256"]) == 64 for row in told.values() if row["device"] == "cpu")


@dataclass(frozen=True)
class Measured:
    """What one bench of both scenarios said, and the picture that it drew, if matplotlib is here."""

    done: Any
    picture: Path


@pytest.fixture(scope="module")
def measured(
    edgecad_in: Callable[[Path], Run], model_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Measured:
    folder = tmp_path_factory.mktemp("bench")
    picture = folder / "bench.png"
    drawn = () if find_spec("matplotlib") is None else ("--plot", picture)
    return Measured(
        edgecad_in(folder)("bench", model_folder, *QUICK, "--scenario", "all", *drawn, before=ONCE), picture
    )


def test_the_last_line_is_the_command_that_uses_what_is_recommended(measured: Measured, model_folder: Path) -> None:
    done = measured.done
    assert done.code == 0, done.stderr
    *_, advice, following = done.stdout.splitlines()
    assert advice.startswith("recommended: cpu fp32 ")
    named = shlex.quote(str(model_folder))
    assert following == f"next: edgecad infer SCAN --model {named} --device cpu --precision fp32"
    assert "(in brackets: too few runs to know it; it takes 64 for p90, 130 for p95, 662 for p99)" in done.stdout
    assert done.stdout.count("(") > 3 * 6  # three percentiles of one configuration and of five stages
    assert "PHANTOM MODEL" in done.stdout.splitlines()[0]


def test_what_fails_its_golden_samples_is_called_unfit_and_not_recommended(
    edgecad: Run, folder_of: Callable[..., Path]
) -> None:
    done = edgecad("bench", folder_of("fp32", "int8", wrong="int8"), *QUICK, "--scenario", "single-stream", before=ONCE)
    assert done.code == 0, done.stderr
    assert "UNFIT: cpu int8 answers phantom-1.jpg" in done.stdout
    assert "--precision fp32" in done.stdout.splitlines()[-1]


def test_nothing_fit_ends_with_code_5(edgecad: Run, folder_of: Callable[..., Path]) -> None:
    done = edgecad("bench", folder_of("fp32", wrong="fp32"), *QUICK, "--scenario", "single-stream", before=ONCE)
    assert done.code == 5
    assert "nothing is recommended" in done.stderr


@pytest.mark.parametrize(("limit", "code"), [("100000", 0), ("0.001", 5)])
def test_a_limit_is_a_gate(limit: str, code: int, edgecad: Run, model_folder: Path) -> None:
    only = ("--device", "cpu", "--scenario", "single-stream")
    done = edgecad("bench", model_folder, *only, "--runs", "130", "--max-p95-ms", limit, before=ONCE)
    assert done.code == code
    assert "the 95th percentile of cpu fp32 is" in done.stderr or code == 0


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is in the extra plot")
def test_the_picture_has_a_panel_a_scenario(
    measured: Measured, edgecad: Run, model_folder: Path, tmp_path: Path
) -> None:
    assert measured.done.code == 0, measured.done.stderr
    alone = tmp_path / "bench.png"
    done = edgecad("bench", model_folder, *QUICK, "--scenario", "single-stream", "--plot", alone, before=ONCE)
    assert done.code == 0, done.stderr
    for picture, panels in ((measured.picture, 2), (alone, 1)):
        head = picture.read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", head[16:])
        assert width / height == pytest.approx(panels * 5.6 / 5.2, rel=0.02)


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is in the extra plot")
@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_measured(
    edgecad: Run, model_folder: Path, tmp_path: Path
) -> None:
    tmp_path.chmod(0o555)
    done = edgecad("bench", model_folder, "--plot", tmp_path / "bench.png")
    assert (done.code, done.stdout) == (1, "")
    assert "Permission denied" in done.stderr


def test_a_file_that_cannot_be_read_is_no_missing_device(edgecad: Run, folder_of: Callable[..., Path]) -> None:
    folder = folder_of("fp32")
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").mkdir()  # as good as no permission, for root too
    done = edgecad("bench", folder, *QUICK)
    assert done.code in (1, 6)
    assert "ended with code" not in done.stderr


@pytest.mark.parametrize(("runs", "seconds", "over"), [(1000, 5.0, 64), (20, 5.0, 20), (None, 5.0, 64)])
def test_seconds_end_a_run_but_not_before_there_is_something_to_say(
    runs: int | None, seconds: float, over: int
) -> None:
    limit = Limit(runs, seconds)
    assert not limit.reached(over - 1, 100.0)
    assert limit.reached(over, 100.0)
    assert not limit.reached(19, 1.0)
    assert limit.reached(1000, 1.0)


def test_without_matplotlib_a_picture_is_refused_before_anything_is_measured(edgecad: Run, model_folder: Path) -> None:
    done = edgecad("bench", model_folder, "--plot", "bench.png", before="sys.modules['matplotlib'] = None")
    assert (done.code, done.stdout) == (4, "")
    assert install_words("plot") in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scenario", "server"), "choose single-stream, offline or all"),
        (("--scenario", "offline", "--max-p95-ms", "5"), "--max-p95-ms is about one scan after another"),
        (("--runs", "20", "--max-p95-ms", "5"), "takes 130 answers"),
        (("--max-p95-ms", "inf"), "limits nothing"),
        (("--device", "gpu"), "or openvino:npu, or all"),
        (("--precision", "fp8"), "no precision is called 'fp8'"),
        (("--plot", "no/such/folder.png"), "name a file in a folder that is there"),
        (("--plot", "bench.pdf"), "give FILE.png"),
    ],
)
def test_wrong_words_end_with_code_2(words: tuple[str, ...], said: str, edgecad: Run, model_folder: Path) -> None:
    if "--plot" in words and find_spec("matplotlib") is None:
        pytest.skip("matplotlib is in the extra plot")
    done = edgecad("bench", model_folder, *words)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.skipif(gpu_here() is not None, reason="a GPU is here")
def test_only_devices_that_are_not_here_end_with_code_4(edgecad: Run, model_folder: Path) -> None:
    done = edgecad("bench", model_folder, "--device", "tensorrt")
    assert (done.code, done.stdout) == (4, "")
    assert "no NVIDIA GPU answers" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die of")
def test_a_process_that_dies_is_told_of(model_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A module that is found before onnxruntime and does what a broken driver does.
    (tmp_path / "onnxruntime.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    order = BenchOrder(model=str(model_folder), device="cpu", precision=None, begun=0.0)
    result = result_of(order)
    assert isinstance(result, NotMeasured)
    assert result.code == 4
    assert "was ended by signal 11 (SIGSEGV)" in result.reason
