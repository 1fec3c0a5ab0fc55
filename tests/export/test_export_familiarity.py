"""Familiarity in the graph: the formula, limits of each precision, and what is refused at export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from msgspec.structs import replace

from edgecad.answer.familiarity import distances
from edgecad.contract.graph import OUTPUTS
from edgecad.errors import ModelInvalid
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad_export.exporter import export_run
from edgecad_export.precision.limits import carried_over, distances_of
from edgecad_export.proof.parity import parity_of
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

from .conftest import LIMITS


@pytest.fixture(scope="module")
def folder(
    small_classifier: Callable[..., Any], run_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that measured familiarity."""
    return run_folder(tmp_path_factory.mktemp("familiar") / "a-run", small_classifier(), familiarity=LIMITS)


@pytest.fixture(scope="module")
def exported(folder: Path) -> Any:
    return export_run(read_run(folder), folder.parent / "models" / "a", ExportRequest(fp16=True, int8=True))


def test_the_graph_gives_the_formula_s_distance(folder: Path, exported: Any) -> None:
    run = read_run(folder)
    runner = OnnxRunner((exported.folder / "model.onnx").read_bytes(), DeviceRequest("cpu"))
    got = runner.run(run.images, ("features", "familiarity"))
    assert run.centres is not None
    expected = distances(got["features"].mean(axis=(1, 2)), run.centres)
    assert got["familiarity"].shape == (len(run.images), 1)
    np.testing.assert_allclose(got["familiarity"][:, 0], expected, atol=1e-6)
    assert np.ptp(expected) > 1e-3


def test_all_known_outputs_are_written_in_order_and_without_centres_all_but_this(
    exported: Any, small_classifier: Callable[..., Any], run_folder: Callable[..., Path], tmp_path: Path
) -> None:
    graph = onnx.load(exported.folder / "model.onnx").graph
    assert tuple(value.name for value in graph.output) == OUTPUTS
    bare = export_run(read_run(run_folder(tmp_path / "run", small_classifier())), tmp_path / "m", ExportRequest())
    names = [value.name for value in onnx.load(bare.folder / "model.onnx").graph.output]
    assert names == [name for name in OUTPUTS if name != "familiarity"]


def test_a_black_image_has_a_distance(exported: Any) -> None:
    """Features that are all zero have no direction."""
    proto = onnx.load(exported.folder / "model.onnx")
    runner = OnnxRunner(proto.SerializeToString(), DeviceRequest("cpu"))
    got = runner.run(np.zeros((1, 64, 64, 3), np.uint8), ("familiarity",))["familiarity"]
    assert np.isfinite(got).all()


def test_limits_of_narrower_files_are_those_of_their_own_distances(folder: Path, exported: Any) -> None:
    run = read_run(folder)
    images = np.concatenate([run.images, run.calibration])
    exact = distances_of(onnx.load(exported.folder / "model.onnx"), images)
    for entry in exported.files:
        limits = entry.contract.familiarity
        seen = distances_of(onnx.load(exported.folder / entry.name), images)
        assert limits == (LIMITS if entry.contract.precision == "fp32" else carried_over(LIMITS, exact, seen))
        assert entry.candidate.verdict.validation.familiarity is not None
        assert all(answer.familiarity is not None for answer in entry.contract.golden)
    assert {entry.contract.precision for entry in exported.files} >= {"fp32", "fp16"}


def test_limits_move_by_what_all_far_images_share() -> None:
    exact = np.linspace(0.005, 0.035, 41)
    moved = carried_over(LIMITS, exact, exact + 0.01)
    assert (moved.noted, moved.limit) == pytest.approx((0.03, 0.05))
    odd = exact + 0.01
    odd[-3:] += 0.5
    assert carried_over(LIMITS, exact, odd).limit == pytest.approx(0.05)
    assert (moved.centres, moved.patients) == (4, 120)


def test_limits_never_fall_to_nothing() -> None:
    exact = np.full(9, 0.9)
    low = carried_over(LIMITS, exact, exact - 0.9)
    assert 0 < low.noted <= low.limit


def test_the_gate_finds_a_graph_whose_distances_are_others(folder: Path, exported: Any) -> None:
    from edgecad_export.exporter import candidates_of
    from edgecad_export.proof.tolerances import TOLERANCES

    candidates = candidates_of(read_run(folder), ExportRequest())
    wrong = onnx.ModelProto()
    wrong.CopyFrom(candidates.fp32)
    tensor = next(own for own in wrong.graph.initializer if list(own.dims) == [10, 4])
    values = onnx.numpy_helper.to_array(tensor)[:, ::-1] * np.float32([1, 0.5, 1, 0.5])
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(values[::-1]), tensor.name))
    verdict = candidates.gate.judge(wrong, TOLERANCES["fp32"])
    assert "move of familiarity" in verdict.summary
    assert candidates.gate.judge(candidates.fp32, TOLERANCES["fp32"]).holds


def test_a_file_without_the_output_does_not_hold(folder: Path) -> None:
    from edgecad_export.exporter import candidates_of

    gate = candidates_of(read_run(folder), ExportRequest()).gate
    seen = replace_familiarity(gate.validation.reference)
    assert parity_of(gate.validation.reference, seen, 0.5, 0.01, limit=0.04).familiarity == float("inf")
    assert parity_of(gate.validation.reference, seen, 0.5, 0.01).familiarity is None


def replace_familiarity(answers: Any) -> Any:
    from dataclasses import replace as changed

    return changed(answers, familiarity=None)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"directions": np.ones((4, 10), np.float32)}, "each of length 1"),
        ({"directions": np.eye(10, dtype=np.float32)[:3]}, r"\(4, channels\)"),
        ({"directions": np.eye(10)[:4]}, "float64"),
        ({"others": np.eye(10, dtype=np.float32)}, "familiarity.npz holds centres"),
    ],
)
def test_centres_that_cannot_be_meant_are_refused(
    folder: Path, tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    import shutil

    own = tmp_path / "run"
    shutil.copytree(folder, own)
    np.savez_compressed(own / "familiarity.npz", **arrays)
    with pytest.raises(ModelInvalid, match=words):
        read_run(own)
    (own / "familiarity.npz").unlink()
    with pytest.raises(ModelInvalid, match=r"has no familiarity.npz"):
        read_run(own)


def test_centres_of_another_network_are_refused(folder: Path) -> None:
    from dataclasses import replace as changed

    run = changed(read_run(folder), centres=np.eye(12, dtype=np.float32)[:4])
    with pytest.raises(ModelInvalid, match="pools 10 features and its centres have 12"):
        export_run(run, folder.parent / "models" / "other", ExportRequest())


def test_a_run_without_limits_needs_no_centres(folder: Path, tmp_path: Path) -> None:
    run = read_run(folder)
    bare = export_run(
        type(run)(**{**vars(run), "contract": replace(run.contract, familiarity=None), "centres": None}),
        tmp_path / "m",
        ExportRequest(),
    )
    assert bare.files[0].contract.familiarity is None
    assert bare.files[0].candidate.verdict.validation.familiarity is None
