"""Golden samples are replayed at every opening; `infer` does it once a model, device, machine and set of versions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier, Contract
from edgecad.cli.program import app
from edgecad.engines.gpu import Gpu
from edgecad.errors import GateFailed
from edgecad.inference import loading, opening, proofs
from edgecad.inference.loading import LoadedModel, load_model
from edgecad.runners import devices
from edgecad.system import usercache

Build = Callable[..., bytes]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(usercache.VARIABLE, str(folder))
    return folder


@pytest.fixture
def replays(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The precision of every model whose golden samples are replayed from here on."""
    seen: list[str] = []
    own = opening.prove_golden

    def watched(loaded: LoadedModel) -> None:
        seen.append(loaded.contract.precision)
        own(loaded)

    monkeypatch.setattr(opening, "prove_golden", watched)
    return seen


@pytest.fixture
def wrong_model(folder_of: Callable[..., Path]) -> Path:
    """An fp32 model that answers otherwise than at its export."""
    return folder_of("fp32", wrong="fp32")


def once(model: Path) -> None:
    Classifier(model, device="cpu", replay="once").close()


def test_a_classifier_replays_at_every_opening(model_folder: Path, replays: list[str], cache: Path) -> None:
    for _ in range(2):
        Classifier(model_folder, device="cpu").close()
    assert replays == ["fp32", "fp32"]
    assert not cache.exists()


def test_a_model_that_answers_otherwise_is_not_opened(wrong_model: Path) -> None:
    with pytest.raises(GateFailed, match="otherwise than at export"):
        Classifier(wrong_model, device="cpu")
    with pytest.raises(GateFailed, match="otherwise than at export"):
        Classifier(load_model(wrong_model, "cpu"))


@pytest.mark.parametrize("command", ["infer", "infer of a host", "watch"])
def test_commands_end_with_code_5_and_one_line(
    command: str, wrong_model: Path, phantom_jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    words: dict[str, list[Any]] = {
        "infer": ["infer", phantom_jpeg],
        "infer of a host": ["infer", "--stdin-paths"],
        "watch": ["watch", "in", "out", "--once"],
    }
    done = CliRunner().invoke(app, [*map(str, words[command]), "--model", str(wrong_model), "--device", "cpu"])
    assert (done.exit_code, done.stdout) == (5, ""), done.output
    assert done.stderr.count("\n") == 1
    assert not (cache / "proofs").exists()


def test_infer_replays_once(
    model_folder: Path, phantom_jpeg: Path, replays: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cache.parent)
    words = ["infer", str(phantom_jpeg), "--json", "--model", str(model_folder), "--device", "cpu"]
    for _ in range(2):
        assert CliRunner().invoke(app, words).exit_code == 0
    assert replays == ["fp32"]
    assert len(list((cache / "proofs").iterdir())) == 1


def test_a_host_that_names_scans_one_by_one_has_them_replayed_at_its_start(
    model_folder: Path, phantom_jpeg: Path, replays: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(model_folder)
    words = ["infer", "--stdin-paths", "--json", "--model", str(model_folder), "--device", "cpu"]
    assert CliRunner().invoke(app, words, input=f"{phantom_jpeg}\n").exit_code == 0
    assert replays == ["fp32", "fp32"]


def test_each_precision_is_remembered_on_its_own(
    folder_of: Callable[..., Path], replays: list[str], cache: Path
) -> None:
    folder = folder_of("fp32", "int8")
    for precision in ("fp32", "int8", "auto", "fp32"):
        Classifier(folder, device="cpu", precision=precision, replay="once").close()
    assert replays == ["fp32", "int8"]


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "edgecad": lambda patch: patch.setattr("edgecad.__version__", "9.9"),
    "opencv": lambda patch: patch.setattr("cv2.__version__", "9.9"),
    "numpy": lambda patch: patch.setattr("numpy.__version__", "9.9"),
    "onnxruntime": lambda patch: patch.setattr(proofs, "version", lambda name: f"{name} 9.9"),
    "machine": lambda patch: patch.setattr("platform.machine", lambda: "abacus"),
    "processor": lambda patch: patch.setattr("edgecad.system.processor._CPU", Path(__file__)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_the_answers_rest_on_is_part_of_the_proof(
    what: str, model_folder: Path, replays: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(model_folder)
    CHANGES[what](monkeypatch)
    once(model_folder)
    assert len(replays) == 2


def test_another_driver_of_a_gpu_is_another_proof(
    model_folder: Path, replays: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "parse_device", lambda _: devices.DeviceRequest("cuda"))
    for driver in ("1.0", "1.0", "2.0"):
        monkeypatch.setattr(proofs, "gpu_here", lambda index, driver=driver: Gpu("abacus", "8.7", driver))
        once(model_folder)
    assert len(replays) == 2


def test_another_model_is_replayed(
    model_folder: Path, tiny_model: Build, tiny_contract: Contract, tmp_path: Path, replays: list[str], cache: Path
) -> None:
    with Classifier(model_folder, device="cpu", replay="once") as classifier:
        golden = classifier.contract.golden
    other = tmp_path / "other.onnx"
    other.write_bytes(tiny_model(replace(tiny_contract, name="other", golden=golden)))
    once(other)
    assert len(replays) == 2


def test_engines_that_are_built_are_replayed_each_time(
    model_folder: Path, replays: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tuple(replaced(row, built=True) for row in devices.DEVICES)
    monkeypatch.setattr(devices, "DEVICES", rows)
    for _ in range(2):
        once(model_folder)
    assert len(replays) == 2


@pytest.mark.parametrize(("unit", "times"), [("gpu", 2), ("npu", 2), ("cpu", 1)])
def test_where_a_driver_has_no_known_version_they_are_replayed_each_time(
    unit: str, times: int, model_folder: Path, replays: list[str], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "parse_device", lambda _: devices.DeviceRequest("openvino", unit))
    for _ in range(2):
        once(model_folder)
    assert len(replays) == times


def test_a_failure_is_never_remembered(wrong_model: Path, replays: list[str], cache: Path) -> None:
    for _ in range(2):
        with pytest.raises(GateFailed):
            once(wrong_model)
    assert len(replays) == 2
    assert not (cache / "proofs").exists()


def _proof(cache: Path) -> Path:
    (proof,) = (cache / "proofs").iterdir()
    return proof


def _cut(cache: Path) -> None:
    _proof(cache).write_bytes(_proof(cache).read_bytes()[:-5])


def _longer(cache: Path) -> None:
    _proof(cache).write_bytes(_proof(cache).read_bytes() + b" ")


def _hole(cache: Path) -> None:
    os.truncate(_proof(cache), 20 << 30)


def _folder(cache: Path) -> None:
    place = _proof(cache)
    place.unlink()
    place.mkdir()


def _pipe(cache: Path) -> None:
    place = _proof(cache)
    place.unlink()
    os.mkfifo(place)


def _dangling(cache: Path) -> None:
    place = _proof(cache)
    place.unlink()
    place.symlink_to("nowhere")


def _file_in_place_of_the_folder(cache: Path) -> None:
    _proof(cache).unlink()
    (cache / "proofs").rmdir()
    (cache / "proofs").write_bytes(b"")


@pytest.mark.skipif(os.name == "nt", reason="pipes and links lie in folders on POSIX systems alone")
@pytest.mark.parametrize(
    "damage", [_cut, _longer, _hole, _folder, _pipe, _dangling, _file_in_place_of_the_folder], ids=lambda d: d.__name__
)
def test_a_damaged_proof_costs_the_replay_alone(
    damage: Callable[[Path], None], model_folder: Path, replays: list[str], cache: Path
) -> None:
    once(model_folder)
    damage(cache)
    once(model_folder)
    assert len(replays) == 2


def test_a_cache_that_cannot_be_written_costs_the_replay_alone(
    model_folder: Path, replays: list[str], closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(usercache.VARIABLE, str(closed_folder / "cache"))
    for _ in range(2):
        once(model_folder)
    assert len(replays) == 2


def test_without_a_home_folder_nothing_is_remembered(
    model_folder: Path, replays: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.delenv(usercache.VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    for _ in range(2):
        once(model_folder)
    assert len(replays) == 2


def test_several_at_once_leave_one_whole_proof(model_folder: Path, cache: Path) -> None:
    threads = [threading.Thread(target=once, args=(model_folder,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _proof(cache).suffix == proofs.SUFFIX


def test_the_oldest_proofs_go(model_folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MOST", 3)
    (cache / "proofs").mkdir(parents=True)
    for age in range(6):
        old = cache / "proofs" / f"{age}.json"
        old.write_bytes(b"{}")
        os.utime(old, (1000 - age, 1000 - age))
    once(model_folder)
    assert {"0.json", "1.json"} < {path.name for path in (cache / "proofs").iterdir()}
    assert len(list((cache / "proofs").iterdir())) == 3


@pytest.mark.parametrize("replay", ["always", "once"])
def test_a_model_without_golden_answers_is_taken_and_says_so(
    replay: Any, tiny_model: Build, tmp_path: Path, cache: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model())
    with Classifier(path, device="cpu", replay=replay) as classifier:
        assert classifier.remark == loading.WITHOUT_GOLDEN
    assert not cache.exists()
