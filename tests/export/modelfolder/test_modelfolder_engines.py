"""Engines beside exported files: proven on a GPU, or called unproven in name, sidecar, card and in what is said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.engines.cache import CachedEngine
from edgecad.engines.gpu import Gpu
from edgecad.engines.record import SCHEMA, WITHOUT_GPU, read_engine
from edgecad.errors import GateFailed, NotAvailable
from edgecad.runners.devices import parse_device
from edgecad.runners.onnx import OnnxRunner
from edgecad_export.exported import Exported, failure_of
from edgecad_export.exporter import export_run
from edgecad_export.modelfolder.engines import engines_section
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import Run, read_run

A_GPU = Gpu("NVIDIA Test", "8.7", "550.54.15 (CUDA 12.4)")
real = pytest.mark.skipif(find_spec("tensorrt_rtx") is None, reason="needs pip install 'edgecad[tensorrt-rtx]'")


@pytest.fixture
def run(small_classifier: Callable[..., Any], run_folder: Callable[..., Path], tmp_path: Path) -> Run:
    return read_run(run_folder(tmp_path / "runs" / "a-run", small_classifier((16,))))


@pytest.fixture
def gpu_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """A made-up GPU: engines are really built, and what runs one is its ONNX file, of images that `sees` changes."""

    def install(sees: Callable[[Any], Any]) -> None:
        def opened(engine: CachedEngine, index: int) -> OnnxRunner:
            wanted = engine.record.identity.model_sha256
            files = [path.read_bytes() for path in tmp_path.rglob("*.onnx")]
            (content,) = (file for file in files if hashlib.sha256(file).hexdigest() == wanted)
            runner = OnnxRunner(content, parse_device("cpu"), "an engine", None)
            whole = runner.run
            monkeypatch.setattr(runner, "run", lambda images, outputs: whole(sees(images), outputs))
            return runner

        for place in ("edgecad.engines.builder", "edgecad_export.modelfolder.engines"):
            monkeypatch.setattr(f"{place}.gpu_here", lambda index=0: A_GPU)
        monkeypatch.setattr("edgecad_export.modelfolder.engines.Cuda", lambda index: None)
        monkeypatch.setattr("edgecad.runners.tensorrt.TensorRtRunner", opened)

    return install


def exported(run: Run, folder: Path, **more: Any) -> Exported:
    return export_run(run, folder / "models" / "a-run", ExportRequest(tensorrt=True, time_limit=300, **more))


@real
def test_an_engine_that_nothing_ran_is_called_unproven_everywhere(
    run: Run, tmp_path: Path, edgecad_here: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Built by the real TensorRT-RTX."""
    from edgecad_export.cli.export import _print

    done = exported(run, tmp_path, fp16=True)
    names = ["model.fp16.unproven.plan", "model.unproven.plan"]
    assert sorted(path.name for path in done.folder.glob("*.plan")) == names
    assert sorted(name for name, _ in done.engines.built) == names
    for name, record in done.engines.built:
        assert read_engine(done.folder / name)[0] == record
        told = json.loads((done.folder / f"{name}.json").read_text())
        assert (told["schema"], told["proven"], told["identity"]["gpu"]) == (SCHEMA, False, WITHOUT_GPU)
    _print(done)
    said = [line for line in capsys.readouterr().out.splitlines() if ".plan" in line]
    assert len(said) == 2
    assert all("MB; UNPROVEN: no GPU here, it never ran; " in line for line in said)
    card = (done.folder / "MODEL_CARD.md").read_text()
    assert card.count("UNPROVEN: no GPU here, it never ran") == 2
    sums = (done.folder / "SHA256SUMS").read_text()
    assert all(f"{name}\n" in sums for name in names)
    assert edgecad_here("verify", done.folder, "--device", "cpu") == (0, "")


@real
def test_with_a_gpu_an_engine_is_proven_before_it_gets_its_name(
    run: Run, tmp_path: Path, gpu_that: Callable[..., None]
) -> None:
    seen: list[int] = []

    def sees(images: Any) -> Any:
        seen.append(len(images))
        assert not list(tmp_path.rglob("*.plan.json")), "the proof comes first"
        return images

    gpu_that(sees)
    done = exported(run, tmp_path)
    ((name, record),) = done.engines.built
    assert len(seen) == 3, "the golden samples"
    assert (name, record.proven, record.identity.gpu) == ("model.plan", True, str(A_GPU))
    card = (done.folder / "MODEL_CARD.md").read_text()
    assert "proven: its golden samples came out as at export on NVIDIA Test" in card
    assert "it never ran" not in card


@real
def test_an_engine_that_answers_otherwise_is_refused_and_the_files_are_kept(
    run: Run, tmp_path: Path, gpu_that: Callable[..., None]
) -> None:
    gpu_that(lambda images: np.ascontiguousarray(images[:, ::-1]))
    done = exported(run, tmp_path)
    assert not list(done.folder.glob("*.plan*"))
    assert (done.folder / "model.onnx").is_file()
    failure = failure_of(done)
    assert isinstance(failure, GateFailed)
    for word in ("the engine of model.onnx", "otherwise than at export", "model.onnx", "without --tensorrt"):
        assert word in str(failure)


def test_what_proves_an_engine_is_looked_for_before_minutes_of_work(
    run: Run, tmp_path: Path, gpu_that: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu_that(lambda images: images)

    def missing(index: int) -> None:
        raise NotAvailable("cuda is not installed")

    monkeypatch.setattr("edgecad_export.modelfolder.engines.Cuda", missing)
    monkeypatch.setattr("edgecad_export.modelfolder.engines.chosen_library", lambda named, gpu: None)
    monkeypatch.setattr("edgecad_export.exporter.candidates_of", lambda *_: pytest.fail("work was begun"))
    with pytest.raises(NotAvailable, match="cuda is not installed"):
        exported(run, tmp_path)


@real
def test_no_text_of_a_record_breaks_out_of_the_card(run: Run, tmp_path: Path, gpu_that: Callable[..., None]) -> None:
    gpu_that(lambda images: images)
    ((name, record),) = exported(run, tmp_path).engines.built
    hostile = replace(record, identity=replace(record.identity, gpu="<b>x</b>\n## Heading"))
    text = engines_section([(name, hostile)])
    assert "<b>" not in text
    assert "\n## Heading" not in text
    assert engines_section([]) == ""
