"""`edgecad cache`: what it prints, its exit codes, and the real TensorRT-RTX where it is installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.contract import METADATA_KEY, Contract
from edgecad.engines.record import read_engine
from edgecad.modelfiles.metadata import metadata_of
from edgecad.system.installation import install_words

Fake = Callable[..., Path]
Run = Callable[..., Any]
real = pytest.mark.skipif(find_spec("tensorrt_rtx") is None, reason="needs pip install 'edgecad[tensorrt-rtx]'")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `edgecad cache ...` in this process with a cache of its own."""
    monkeypatch.setenv("EDGECAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EDGECAD_MODEL", raising=False)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, ["cache", *map(str, words)])


@pytest.fixture
def files(tmp_path: Path, tiny_model: Callable[..., bytes], tiny_contract: Contract) -> Path:
    """A model folder with one file a precision; their graphs are all the same."""
    folder = tmp_path / "m"
    folder.mkdir()
    for precision, name in {"fp32": "model.onnx", "fp16": "model.fp16.onnx", "int8": "model.int8.onnx"}.items():
        (folder / name).write_bytes(tiny_model(replace(tiny_contract, precision=precision)))
    return folder


def test_a_build_says_how_long_the_last_one_of_its_kind_took(
    cache: Run, fake: Fake, files: Path, tmp_path: Path
) -> None:
    fake("tensorrt_rtx")
    assert cache("build", files).exit_code == 0
    (sidecar,) = (tmp_path / "cache" / "engines").glob("*.plan.json")
    record = json.loads(sidecar.read_text())
    sidecar.write_text(json.dumps({**record, "seconds": 95.0}))
    done = cache("build", files, "--precision", "fp32", "--batch", 2)  # another engine of the same kind
    assert done.exit_code == 0
    assert done.stderr == "building takes about 2 min, roughly: as long as the last one of this kind\n"
    assert cache("build", files, "--batch", 3, "--quiet").stderr == ""


def test_build_list_and_clear(cache: Run, fake: Fake, files: Path, tmp_path: Path) -> None:
    log = fake("tensorrt_rtx")
    assert cache("list").stdout.startswith("0 engines in ")
    done = cache("build", files, "--batch", 4)
    assert done.exit_code == 0, done.stderr
    assert "built in" in done.stdout
    assert "PHANTOM MODEL" in done.stdout
    assert "UNPROVEN: no GPU here, it never ran; build it on the machine" in done.stdout
    assert done.stderr == "", "no terminal, no progress"
    assert "engine of tiny found" in cache("build", files, "--batch", 4).stdout
    assert len(log.read_text().split()) == 1
    (plan,) = (tmp_path / "cache" / "engines").glob("*.plan")
    listed = cache("list").stdout
    assert listed.startswith("1 engine in ")
    assert plan.name in listed
    assert plan.name.endswith(".unproven.plan")
    assert "UNPROVEN: no GPU here, it never ran" in listed
    assert "batches of 1 to 4, best at 1" in listed
    plan.write_bytes(b"damaged")
    assert "CANNOT BE USED: the engine" in cache("list").stdout
    assert "(the engine" in cache("build", files, "--batch", 4).stdout, "it says why it was built again"
    assert cache("clear").stdout.startswith("removed 1 engine (")
    assert list((tmp_path / "cache" / "engines").iterdir()) == []


def test_json_has_what_programs_need(cache: Run, fake: Fake, files: Path) -> None:
    fake("tensorrt_rtx")
    built = json.loads(cache("build", files, "--json").stdout)
    again = json.loads(cache("build", files, "--json").stdout)
    listed = json.loads(cache("list", "--json").stdout)
    assert (built["new"], again["new"], built["proven"]) == (True, False, False)
    assert built["identity"]["library"] == "tensorrt_rtx"
    assert Path(built["path"]).is_file()
    (row,) = listed["engines"]
    assert row["fault"] is None
    assert row["identity"] == built["identity"]
    assert (listed["schema"], row["engine_sha256"]) == (1, built["engine_sha256"])
    assert json.loads(cache("clear", "--json").stdout)["removed"] == 1


def test_the_sidecar_carries_the_contract_of_the_file(cache: Run, fake: Fake, files: Path) -> None:
    fake("tensorrt_rtx")
    path = Path(json.loads(cache("build", files, "--json").stdout)["path"])
    inside = metadata_of((files / "model.onnx").read_bytes())[METADATA_KEY]
    assert read_engine(path)[0].contract == inside


@pytest.mark.parametrize(
    ("arguments", "mood", "code", "words"),
    [
        (["build", "m"], "unreadable", 7, "Plugin not found"),
        (["build", "m"], "segfault", 7, "SIGSEGV"),
        (["build", "m", "--library", "tensorrt"], "", 4, install_words("tensorrt")),
        (["build", "m", "--library", "openvino"], "", 2, "tensorrt or tensorrt_rtx"),
        (["build", "m", "--precision", "fp16"], "", 7, "called fp16"),
        (["build", "m", "--precision", "int8"], "", 2, "int8 is for CPUs"),
        (["build", "m/model.int8.onnx"], "", 2, "int8 is for CPUs"),
        (["build", "m/model.onnx", "--precision", "fp16"], "", 6, "model.onnx is fp32"),
        (["build", "m", "--precision", "fp8"], "", 2, "fp32, fp16, int8"),
        (["build", "m", "--batch", "0"], "", 2, "--batch"),
        (["build", "absent"], "", 6, "no model at absent"),
    ],
)
def test_every_failure_has_its_code_and_one_line(
    cache: Run, fake: Fake, files: Path, arguments: list[str], mood: str, code: int, words: str
) -> None:
    fake("tensorrt_rtx", mood=mood)
    done = cache(*arguments)
    assert done.exit_code == code, done.output
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_a_file_without_a_contract_is_refused(cache: Run, fake: Fake, tiny_model: Any, tmp_path: Path) -> None:
    fake("tensorrt_rtx")
    (tmp_path / "foreign.onnx").write_bytes(tiny_model(None))
    done = cache("build", "foreign.onnx")
    assert done.exit_code == 6
    assert "no EdgeCAD contract" in done.stderr


def test_without_a_subcommand_the_help_is_shown(cache: Run) -> None:
    done = cache()
    assert done.exit_code == 2
    assert "Commands:" in done.stdout
    assert done.stderr == ""


def test_help_and_list_load_no_arrays_and_no_engine(edgecad: Run) -> None:
    for words in (["cache", "--help"], ["cache", "build", "--help"], ["cache", "list"]):
        done = edgecad(*words, fresh=True)
        assert done.code == 0
        assert not {"numpy", "cv2", "onnxruntime", "tensorrt_rtx"} & done.modules


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked for in /proc")
def test_an_interrupt_ends_the_build_and_leaves_nothing(
    fake: Fake, files: Path, tmp_path: Path, all_dead: Callable[[Path], bool]
) -> None:
    log = fake("tensorrt_rtx", mood="hangs")
    environment = {**os.environ, "EDGECAD_CACHE": str(tmp_path), "PYTHONPATH": str(tmp_path / "fakes")}
    command = [sys.executable, "-m", "edgecad", "cache", "build", str(files), "--library", "tensorrt_rtx"]
    program = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and not (log.exists() and log.read_text().count("\n") == 2):
        time.sleep(0.05)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=30)
    assert program.returncode == 130
    assert said == "edgecad: interrupted\n"
    assert all_dead(log)
    assert [path.suffix for path in (tmp_path / "engines").iterdir()] == [".lock"]


@real
def test_tensorrt_rtx_really_builds_an_engine_without_a_gpu(cache: Run, files: Path) -> None:
    done = cache("build", files, "--library", "tensorrt_rtx", "--json")
    assert done.exit_code == 0, done.stderr
    built = json.loads(done.stdout)
    record, plan = read_engine(Path(built["path"]))
    assert len(plan) > 10_000
    assert record.identity.library_version
    assert json.loads(record.contract)["name"] == "tiny"


@real
@pytest.mark.parametrize("damage", ["cut", "another operator"])
def test_tensorrt_rtx_says_what_is_wrong_with_a_graph(damage: str, tiny_model: Any, tmp_path: Path) -> None:
    from edgecad.engines.builder import build_engine
    from edgecad.engines.record import Batches
    from edgecad.errors import EngineBuildFailed

    whole = tiny_model()
    model = whole[:500] if damage == "cut" else whole.replace(b'"\x0bAveragePool', b'"\x0bAveragePoof')
    assert model != whole
    with pytest.raises(EngineBuildFailed, match="Failed to parse" if damage == "cut" else "AveragePoof") as caught:
        build_engine(model, tmp_path / "a.plan", "fp32", "{}", Batches(), library="tensorrt_rtx")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
