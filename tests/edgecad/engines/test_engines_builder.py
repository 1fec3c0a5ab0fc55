"""One engine from one model: what is asked of TensorRT, what is written, and every way in which it fails."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.engines.builder import build_engine
from edgecad.engines.gpu import Gpu
from edgecad.engines.record import Batches, read_engine, sidecar_of
from edgecad.errors import EngineBuildFailed, GateFailed, NotAvailable, UsageError
from edgecad.system.installation import install_command

Fake = Callable[..., Path]
BATCHES = Batches(1, 2, 4)
A_GPU = Gpu("NVIDIA Test", "8.7", "550.54.15 (CUDA 12.4)")
FP32 = json.dumps({"inputs": [["image", [-1, 96, 96, 3]]]}).encode()
FP16 = json.dumps({"half": 5}).encode()
CONTRACT = '{"a": "contract"}'


def attempt(folder: Path, model: bytes = FP32, **more: Any) -> Any:
    given = {"precision": "fp32", "contract_text": CONTRACT, "batches": BATCHES, **more}
    return build_engine(model, folder / "out" / "an.plan", **given)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def written(place: Path) -> list[str]:
    return sorted(path.name for path in (place / "out").rglob("*"))


def test_the_engine_is_strongly_typed_without_tf32_for_the_batches_asked_for(fake: Fake, place: Path) -> None:
    fake("tensorrt_rtx")
    attempt(place)
    told = json.loads((place / "out" / "an.unproven.plan").read_bytes())
    assert told == {
        "network flags": 1 << 1,
        "outputs": ["logits"],
        "config flags": [],
        "profiles": [{"image": [[count, 96, 96, 3] for count in (1, 2, 4)]}],
    }


def test_an_engine_has_the_known_outputs_of_its_graph_alone(fake: Fake, place: Path) -> None:
    fake("tensorrt_rtx")
    attempt(place, json.dumps({"outputs": ["tomorrow", "cam", "logits", "other"]}).encode())
    assert json.loads((place / "out" / "an.unproven.plan").read_bytes())["outputs"] == ["cam", "logits"]


def test_plan_and_sidecar_are_all_that_is_written_and_agree(fake: Fake, place: Path) -> None:
    fake("tensorrt_rtx")
    record = attempt(place)
    engine = place / "out" / "an.unproven.plan"
    assert written(place) == ["an.unproven.plan", "an.unproven.plan.json"]
    assert read_engine(engine) == (record, engine.read_bytes())
    assert record.engine_sha256 == hashlib.sha256(engine.read_bytes()).hexdigest()
    assert record.engine_bytes == engine.stat().st_size
    assert record.contract == CONTRACT
    identity = record.identity
    assert identity.model_sha256 == hashlib.sha256(FP32).hexdigest()
    assert identity.contract_sha256 == hashlib.sha256(CONTRACT.encode()).hexdigest()
    assert (identity.library, identity.library_version) == ("tensorrt_rtx", "10.3.0")
    assert (identity.gpu, identity.driver) == ("none (built without a GPU)", None)
    assert 0 < record.seconds < 60


def test_with_a_gpu_full_tensorrt_is_taken_and_the_sidecar_names_the_gpu(fake: Fake, place: Path) -> None:
    fake("tensorrt", "tensorrt_rtx", gpu=A_GPU)
    identity = attempt(place).identity
    assert identity.library == "tensorrt"
    assert identity.gpu == "NVIDIA Test (compute capability 8.7)"
    assert identity.driver == "550.54.15 (CUDA 12.4)"


def test_without_a_gpu_tensorrt_rtx_is_taken_and_a_named_library_always(fake: Fake, place: Path) -> None:
    fake("tensorrt", "tensorrt_rtx")
    assert attempt(place).identity.library == "tensorrt_rtx"
    fake("tensorrt", "tensorrt_rtx", gpu=A_GPU)
    assert attempt(place, library="tensorrt_rtx").identity.library == "tensorrt_rtx"


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        ("unreadable", "operator: Mul2 (checkImporter): INVALID_NODE: Plugin not found"),
        ("no plan", "could not find any implementation"),
        ("refuses the profile", "smaller --batch"),
    ],
)
def test_what_tensorrt_refuses_is_said_in_one_line_and_nothing_is_written(
    fake: Fake, place: Path, mood: str, words: str
) -> None:
    fake("tensorrt_rtx", mood=mood)
    with pytest.raises(EngineBuildFailed, match=re.escape(words)) as caught:
        attempt(place)
    assert "\n" not in str(caught.value)
    assert written(place) == []


@pytest.mark.parametrize(("model", "precision"), [(FP32, "fp16"), (FP16, "fp32")])
def test_a_graph_of_another_precision_than_it_is_called_is_refused(
    fake: Fake, place: Path, model: bytes, precision: str
) -> None:
    fake("tensorrt_rtx")
    with pytest.raises(EngineBuildFailed, match=f"called {precision}"):
        attempt(place, model, precision=precision)
    assert written(place) == []


def test_a_half_precision_graph_builds_as_fp16(fake: Fake, place: Path) -> None:
    fake("tensorrt_rtx")
    assert attempt(place, FP16, precision="fp16").identity.precision == "fp16"


@pytest.mark.parametrize(
    "inputs",
    [
        [["picture", [-1, 64, 64, 3]]],
        [["image", [-1, 64, 64, 3]], ["constant", [4]]],
        [["image", [-1, 64, 32, 3]]],
        [["image", [1, 64, 64, 3]]],
        [["image", [-1, 64]]],
        [],
    ],
)
def test_a_graph_with_other_inputs_is_refused(fake: Fake, place: Path, inputs: list[Any]) -> None:
    fake("tensorrt_rtx")
    with pytest.raises(EngineBuildFailed, match="inputs are"):
        attempt(place, json.dumps({"inputs": inputs}).encode())


def test_an_int8_file_is_refused_before_anything_is_built(fake: Fake, place: Path) -> None:
    helper = pytest.importorskip("onnx", reason="an int8 file is written with onnx").helper
    log = fake("tensorrt_rtx")
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
    ]
    for node in nodes:
        model = helper.make_model(helper.make_graph([node], "g", [], [])).SerializeToString()
        with pytest.raises(EngineBuildFailed, match="int8 is for CPUs"):
            attempt(place, model)
    named = helper.make_node("Add", ["x", "x"], ["y"], name="my QuantizeLinear", doc_string="DequantizeLinear")
    attempt(place, helper.make_model(helper.make_graph([named], "g", [], [])).SerializeToString())
    assert len(log.read_text().split()) == 1


def test_without_a_library_the_error_is_the_line_that_installs_one(
    fake: Fake, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake()
    monkeypatch.setattr("edgecad.engines.libraries.TEGRA_RELEASE", place / "absent")
    with pytest.raises(NotAvailable, match=re.escape(install_command("tensorrt-rtx"))):
        attempt(place)
    with pytest.raises(NotAvailable, match=re.escape(install_command("tensorrt"))):
        attempt(place, library="tensorrt")
    monkeypatch.setattr("edgecad.engines.libraries.TEGRA_RELEASE", place)
    with pytest.raises(NotAvailable, match="apt-get install python3-libnvinfer"):
        attempt(place)


def test_full_tensorrt_without_a_gpu_is_not_available(fake: Fake, place: Path) -> None:
    fake("tensorrt")
    with pytest.raises(NotAvailable, match="nvidia-smi"):
        attempt(place)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mood": "no gpu"}, "driver version is insufficient; look at nvidia-smi"),
        ({"mood": "unloadable"}, "libnvinfer.so.10"),
        ({"version": "8.6.1"}, "10 or later"),
    ],
)
def test_a_library_that_cannot_work_here_is_not_available(
    fake: Fake, place: Path, changes: dict[str, str], words: str
) -> None:
    fake("tensorrt", gpu=A_GPU, **changes)
    with pytest.raises(NotAvailable, match=words):
        attempt(place)
    assert written(place) == []


def test_an_unknown_library_is_a_usage_error(fake: Fake, place: Path) -> None:
    fake("tensorrt_rtx")
    with pytest.raises(UsageError, match="tensorrt or tensorrt_rtx"):
        attempt(place, library="openvino")


def no_proof(record: Any, plan: bytes) -> None:
    """What every engine passes."""


@pytest.mark.parametrize(
    ("gpu", "prove", "name", "words"),
    [
        (A_GPU, no_proof, "an.plan", "proven: its golden samples came out as at export on NVIDIA Test"),
        (A_GPU, None, "an.unproven.plan", "UNPROVEN: no golden sample was tried on it; build it on the machine"),
        (None, no_proof, "an.unproven.plan", "UNPROVEN: no GPU here, it never ran; build it on the machine"),
        (None, None, "an.unproven.plan", "UNPROVEN: no GPU here, it never ran; build it on the machine"),
    ],
)
def test_only_an_engine_that_a_gpu_ran_and_that_passed_its_proof_is_called_proven(
    fake: Fake, place: Path, gpu: Gpu | None, prove: Any, name: str, words: str
) -> None:
    fake("tensorrt_rtx", gpu=gpu)
    record = attempt(place, prove=prove)
    assert written(place) == [name, f"{name}.json"]
    assert read_engine(place / "out" / name)[0] == record
    assert record.proven == (name == "an.plan")
    assert record.proof_words.startswith(words)


def test_an_engine_that_fails_its_proof_gets_no_name(fake: Fake, place: Path) -> None:
    fake("tensorrt_rtx", gpu=A_GPU)
    seen = []

    def prove(record: Any, plan: bytes) -> None:
        seen.append((record.engine_sha256, hashlib.sha256(plan).hexdigest(), written(place)))
        raise GateFailed("golden samples differ")

    with pytest.raises(GateFailed):
        attempt(place, prove=prove)
    assert written(place) == []
    ((recorded, real, names),) = seen
    assert recorded == real
    assert "an.plan" not in names


def test_batches_that_cannot_be_are_refused() -> None:
    for wrong in ((0, 1, 8), (2, 1, 8), (1, 9, 8)):
        with pytest.raises(ValueError, match="least <= best <= most"):
            Batches(*wrong)
    assert (str(Batches(1, 2, 8)), str(Batches(4, 4, 4))) == ("1 to 8, best at 2", "4")
    assert sidecar_of(Path("a/b.plan")) == Path("a/b.plan.json")
