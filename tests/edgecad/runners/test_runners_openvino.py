"""OpenVINO's runner: strict, exact, bounded in memory and time, and safe to call from many threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier
from edgecad.engines import openvino as library_module
from edgecad.engines.openvino import OpenVinoSettings, demand_capability, library
from edgecad.errors import DeviceFailed, ModelInvalid, NotAvailable, UsageError
from edgecad.inference.loading import load_model, open_file
from edgecad.modelfiles.file import own_file
from edgecad.runners import lanes
from edgecad.runners import openvino as runner_module
from edgecad.runners.base import OpenRequest
from edgecad.runners.devices import parse_device
from edgecad.runners.openvino import open_openvino
from edgecad.system.cores import usable_threads

openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'edgecad[openvino]'")
Build = Callable[..., bytes]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGECAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _opened(content: bytes, tiny_contract: Any, device: str = "openvino", **more: Any) -> Any:
    return open_openvino(OpenRequest(parse_device(device), content, "a model", lambda: ("", tiny_contract), **more))


def _images(count: int) -> Any:
    return np.random.default_rng(count).integers(0, 255, (count, 64, 64, 3), np.uint8)


def test_it_answers_as_onnxruntime_does_whatever_the_batch(model_folder: Path) -> None:
    with Classifier(model_folder, "openvino") as ours, Classifier(model_folder, "cpu") as reference:
        assert (ours.facts.device, ours.facts.precision) == ("openvino:cpu", "fp32")
        assert ours.facts.provider == f"openvino {openvino.get_version().partition('-')[0]} CPU"
        assert ours.facts.threads == usable_threads()
        assert ours.facts.outputs == reference.facts.outputs
        assert all(entry.holds for entry in ours.replay_golden())
        for count in (1, 5, 2, 1):
            images = _images(count)
            seen, expected = ours.run(images), reference.run(images)
            for name, value in expected.items():
                assert seen[name].shape == value.shape
                assert seen[name].dtype == np.float32
                assert np.allclose(seen[name], value, atol=1e-5)
            alone = ours.run(images[:1])
            assert all(np.array_equal(alone[name][0], seen[name][0]) for name in seen)  # no neighbour counts
        assert ours.run(_images(0))["cam"].shape == (0, *expected["cam"].shape[1:])


def test_outputs_that_no_answer_takes_are_computed_where_they_are_asked_for(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiling, compiled = runner_module.compiled_graph, list[Any]()

    def told(*given: Any) -> Any:
        compiled.append(compiling(*given))
        return compiled[-1]

    monkeypatch.setattr(runner_module, "compiled_graph", told)
    with Classifier(model_folder, "openvino") as ours, Classifier(model_folder, "cpu") as reference:
        ours.run(_images(1))
        (answers,) = compiled
        assert {"features", "fc_weights"} <= set(answers.known) - set(answers.stages[0].gives)
        with ThreadPoolExecutor(4) as pool:
            seen = list(pool.map(lambda _: ours.run(_images(2), ("features", "fc_weights", "cam")), range(4)))
        assert len(compiled) == 2
        expected = reference.run(_images(2), ("features", "fc_weights", "cam"))
    for name, value in expected.items():
        assert all(np.allclose(one[name], value, atol=1e-5) for one in seen)


def test_what_is_given_is_not_written_over_by_the_next_run(model_folder: Path) -> None:
    with Classifier(model_folder, "openvino") as classifier:
        first = classifier.run(_images(1))
        kept = {name: value.copy() for name, value in first.items()}
        classifier.run(_images(3))
    assert all(np.array_equal(first[name], kept[name]) for name in kept)


def test_many_threads_get_their_own_answers(model_folder: Path) -> None:
    with Classifier(model_folder, "openvino", threads=1) as classifier:
        assert classifier.facts.threads == 1
        images = _images(48)
        expected = [classifier.run(image[None])["logits"][0] for image in images]
        with ThreadPoolExecutor(12) as pool:
            seen = list(pool.map(lambda image: classifier.run(image[None])["logits"][0], images))
        assert all(np.array_equal(one, other) for one, other in zip(seen, expected, strict=True))
        assert len(classifier.runner._free) <= usable_threads()  # requests, and their memory


def test_changing_batches_take_no_more_memory(model_folder: Path) -> None:
    resource = pytest.importorskip("resource", reason="Windows does not tell the memory of a process in this way")
    with Classifier(model_folder, "openvino") as classifier:
        for count in range(1, 20):
            classifier.run(_images(count))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for count in range(1, 60):
            classifier.run(_images(count))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


@pytest.mark.parametrize("unit", ["gpu", "npu"])
def test_a_unit_that_is_not_here_is_said_with_what_is(unit: str, model_folder: Path) -> None:
    if any(name.startswith(unit.upper()) for name in openvino.Core().available_devices):
        pytest.skip(f"this machine has a {unit}")
    with pytest.raises(NotAvailable, match=rf"openvino:{unit} was asked for, and openvino [\d.]+ sees CPU here; .*"):
        Classifier(model_folder, f"openvino:{unit}")


def test_infer_says_so_with_code_4_and_in_one_line(
    edgecad: Callable[..., Any], model_folder: Path, phantom_jpeg: Path
) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--device", "openvino:npu")
    if "NPU" in openvino.Core().available_devices:
        pytest.skip("this machine has an NPU")
    assert (done.code, done.stdout, done.stderr.count("\n")) == (4, "", 1)


class _Compiled:
    """A compiled model that tells what a test wants it to."""

    def __init__(self, **told: Any) -> None:
        self._told: dict[str, Any] = {
            "EXECUTION_DEVICES": ["CPU"],
            "INFERENCE_PRECISION_HINT": openvino.Type.f32,
            "EXECUTION_MODE_HINT": SimpleNamespace(name="ACCURACY"),
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
            **told,
        }

    def get_property(self, name: str) -> Any:
        return dict.fromkeys(self._told, "RO") if name == "SUPPORTED_PROPERTIES" else self._told[name]


def test_an_engine_that_did_what_it_was_told_passes() -> None:
    OpenVinoSettings("CPU", "f32").check(_Compiled())
    OpenVinoSettings("GPU", "f32").check(_Compiled(EXECUTION_DEVICES=["GPU.0"]))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"EXECUTION_DEVICES": ["GPU.0"]}, r"openvino:cpu was asked for and OpenVINO opened GPU\.0"),
        ({"EXECUTION_DEVICES": ["CPU", "GPU"]}, "opened CPU, GPU"),
        ({"EXECUTION_DEVICES": ["(CPU)"]}, r"opened \(CPU\)"),  # as AUTO says it
        ({"EXECUTION_DEVICES": []}, "opened nothing"),
        ({"INFERENCE_PRECISION_HINT": openvino.Type.bf16}, "told INFERENCE_PRECISION_HINT f32 and took bf16"),
        ({"EXECUTION_MODE_HINT": SimpleNamespace(name="PERFORMANCE")}, "took PERFORMANCE"),
        ({"DYNAMIC_QUANTIZATION_GROUP_SIZE": 32}, "DYNAMIC_QUANTIZATION_GROUP_SIZE 0 and took 32"),
    ],
)
def test_another_device_or_precision_than_was_asked_for_is_refused(told: dict[str, Any], said: str) -> None:
    with pytest.raises(NotAvailable, match=said):
        OpenVinoSettings("CPU", "f32").check(_Compiled(**told))


def test_nothing_that_changes_numbers_is_left_to_openvino(model_folder: Path) -> None:
    """Every property of a compiled model that is about precision, sparsity or denormal numbers has its exact value."""
    runner = load_model(model_folder, "openvino").runner
    compiled = runner._stages[0].compiled
    told = {str(name): compiled.get_property(name) for name in compiled.get_property("SUPPORTED_PROPERTIES")}
    assert told["INFERENCE_PRECISION_HINT"] == openvino.Type.f32
    assert told["EXECUTION_MODE_HINT"].name == "ACCURACY"
    assert told["DYNAMIC_QUANTIZATION_GROUP_SIZE"] == 0
    assert told["CPU_DENORMALS_OPTIMIZATION"] is False
    assert told["CPU_SPARSE_WEIGHTS_DECOMPRESSION_RATE"] == 1.0
    assert told["ENABLE_CPU_PINNING"] is False
    assert told["INFERENCE_NUM_THREADS"] == usable_threads()
    about = [name for name in told if "PRECISION" in name or "QUANTIZATION" in name or "MODE" in name]
    known = {"INFERENCE_PRECISION_HINT", "EXECUTION_MODE_HINT", "DYNAMIC_QUANTIZATION_GROUP_SIZE"}
    attention = {"KV_CACHE_PRECISION", "KEY_CACHE_PRECISION", "VALUE_CACHE_PRECISION", "CACHE_MODE"}
    elsewhere = {"MODEL_DISTRIBUTION_POLICY"}  # over several sockets
    assert set(about) - attention - elsewhere == known, "a new one: find out what it changes"


def test_a_precision_that_the_processor_only_imitates_is_not_available() -> None:
    core = SimpleNamespace(get_property=lambda unit, name: ["FP32", "INT8"])
    with pytest.raises(NotAvailable, match=r"has no bf16 of its own here \(FP32, INT8\); use --precision fp32"):
        demand_capability(core, "CPU", "bf16")
    demand_capability(core, "CPU", "f32")
    demand_capability(SimpleNamespace(get_property=lambda unit, name: ["FP16"]), "GPU", "f16")


def test_bf16_is_refused_where_it_cannot_be_proven(model_folder: Path) -> None:
    with pytest.raises(ModelInvalid, match="was not proven in bf16 at export"):
        Classifier(model_folder, "openvino", precision="bf16")
    with pytest.raises(UsageError, match="cpu does not run an fp32 file in bf16; use --device openvino:cpu"):
        Classifier(model_folder, "cpu", precision="bf16")
    with pytest.raises(UsageError, match="openvino:gpu does not run an fp32 file in bf16"):
        Classifier(model_folder, "openvino:gpu", precision="bf16")


def test_without_openvino_the_command_that_installs_it_is_said(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(NotAvailable, match=r"openvino is not installed, and this needs it; run: .*install.*openvino"):
        Classifier(model_folder, "openvino")
    assert NotAvailable.exit_code == 4


@pytest.mark.parametrize("version", ["2024.6.0-17404-4c0f47d2335-releases/2024/6", "", "custom"])
def test_an_old_or_another_openvino_is_said(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(get_version=lambda: version, Core=object)
    monkeypatch.setitem(sys.modules, "openvino", module)
    with pytest.raises(NotAvailable, match=r"2025\.0 or later is wanted; run: .*--upgrade 'openvino>=2025\.0'"):
        library()
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace())  # a folder of that name
    with pytest.raises(NotAvailable, match="openvino without a version"):
        library()


BROKEN = {
    "a library": "raise ImportError('libtbb.so.12: cannot open shared object file')",
    "the system": "raise OSError('DLL load failed')",
    "a part": "import openvino_has_no_such_part",
    "itself": "raise RuntimeError('plugins.xml')",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_openvino_is_not_available(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "openvino"
    package.mkdir()
    (package / "__init__.py").write_text(BROKEN[what], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.partition(".")[0] == "openvino"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(NotAvailable, match=r"installed and cannot be loaded: .*; install it anew, or use --device cpu"):
        library()


def test_lack_of_memory_for_openvino_itself_is_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise ImportError("libopenvino.so: failed to map segment from shared object")

    monkeypatch.setattr(library_module, "require", full)
    with pytest.raises(DeviceFailed, match="memory does not suffice"):
        library()


@pytest.mark.parametrize("silent", ["Core", "available_devices", "get_property"])
def test_an_openvino_that_gives_no_answer_is_not_available(
    silent: str, tiny_model: Build, tiny_contract: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise RuntimeError("Exception from src/inference/src/cpp/core.cpp:97:\nno plugin\n")

    class Core:
        available_devices = property(refuse) if silent == "available_devices" else ("CPU",)
        get_property = refuse

    module = SimpleNamespace(get_version=library().get_version, Core=refuse if silent == "Core" else Core)
    monkeypatch.setattr(runner_module, "library", lambda: module)
    with pytest.raises(NotAvailable, match="openvino:cpu does not say what it can or does here: no plugin; install"):
        _opened(tiny_model(), tiny_contract)


def test_what_does_not_say_in_which_precision_it_computes_is_not_taken(
    tiny_model: Build, tiny_contract: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("Exception from src/plugins/intel_npu/x.cpp:1:\nUnsupported property\n")

    monkeypatch.setattr(OpenVinoSettings, "check", refuse)
    with pytest.raises(NotAvailable, match="does not say what it can or does here: Unsupported property"):
        _opened(tiny_model(), tiny_contract)


def test_a_model_of_no_kind_of_ours_is_said(tiny_model: Build, tiny_contract: Any) -> None:
    onnx = pytest.importorskip("onnx", reason="model files are written with onnx")
    with pytest.raises(ModelInvalid, match=r"OpenVINO cannot open a model: .*; use --device cpu, or export it again"):
        _opened(b"\x08\x08nothing", tiny_contract)
    lacking = onnx.load_from_string(tiny_model())
    kept = [output for output in lacking.graph.output if output.name != "cam_bias"]
    del lacking.graph.output[:]
    lacking.graph.output.extend(kept)
    with pytest.raises(ModelInvalid, match="the model has no output cam_bias; export it"):
        _opened(lacking.SerializeToString(), tiny_contract)
    renamed = tiny_model().replace(b"image", b"scans")
    with pytest.raises(ModelInvalid, match="one input `image`, uint8, is wanted"):
        _opened(renamed, tiny_contract)
    dynamic = onnx.load_from_string(tiny_model())
    for side in dynamic.graph.input[0].type.tensor_type.shape.dim[1:3]:
        side.dim_param = "any"
    with pytest.raises(ModelInvalid, match="a square of 3 colours is wanted"):
        _opened(dynamic.SerializeToString(), tiny_contract)
    foreign = onnx.load_from_string(tiny_model())
    foreign.graph.node[-1].op_type = "Unheard"
    with pytest.raises(ModelInvalid, match=r"OpenVINO cannot open a model: .*Unheard"):
        _opened(foreign.SerializeToString(), tiny_contract)


@pytest.mark.parametrize(("arm", "kind"), [(True, NotAvailable), (False, ModelInvalid)])
def test_int8_that_an_arm_processor_cannot_compile_is_not_the_models_fault(
    arm: bool, kind: type[Exception], tiny_model: Build, tiny_contract: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise RuntimeError("Exception from src/core.cpp:117:\nConvolution input precision should be single")

    monkeypatch.setattr(runner_module, "is_arm", lambda: arm)
    monkeypatch.setattr(runner_module, "compiled_graph", refused)
    with pytest.raises(kind, match="--device cpu") as raised:
        _opened(tiny_model(), replace(tiny_contract, precision="int8"))
    assert ("--precision fp32" in str(raised.value)) is arm
    assert "\n" not in str(raised.value)


def test_weights_in_another_file_are_refused(tiny_model: Build, tiny_contract: Any) -> None:
    onnx = pytest.importorskip("onnx", reason="model files are written with onnx")
    proto = onnx.load_from_string(tiny_model())
    tensor = proto.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/hostname"
    with pytest.raises(ModelInvalid, match="names other files"):
        _opened(proto.SerializeToString(), tiny_contract)


def test_a_forked_process_does_not_wait_for_ever(model_folder: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no processes fork here")
    runner = load_model(model_folder, "openvino").runner
    runner.run(_images(1), ["logits"])
    monkeypatched = runner._process
    runner._process = -1  # as in a child; pytest's own threads forbid a real fork
    with pytest.raises(UsageError, match="before the process forked"):
        runner.run(_images(1), ["logits"])
    runner._process = monkeypatched
    runner.run(_images(1), ["logits"])


FORKS = """
import os, sys
from edgecad import Classifier
from edgecad.errors import UsageError

def opened():
    with Classifier(sys.argv[1], "openvino", replay="never") as classifier:
        classifier.replay_golden()

if sys.argv[2] == "used":
    opened()
child = os.fork()
if child == 0:
    try:
        opened()
    except UsageError as error:
        os._exit(10 if "before the process forked" in str(error) else 1)
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes fork here")
@pytest.mark.parametrize(("before", "code"), [("unused", 0), ("used", 10)])
def test_a_forked_process_opens_a_model_only_where_none_was_open_before(
    before: str, code: int, model_folder: Path, tmp_path: Path
) -> None:
    # Without the refusal it waits for ever where its parent compiled: so the cache is new.
    words = [sys.executable, "-c", FORKS, str(model_folder), before]
    done = subprocess.run(words, env={**os.environ, "EDGECAD_CACHE": str(tmp_path)}, timeout=60, check=False)
    assert done.returncode == code


def test_lack_of_memory_is_the_devices(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = load_model(model_folder, "openvino").runner

    def full(*_: Any) -> None:
        raise RuntimeError("Exception from src/inference/src/cpp/infer_request.cpp:224:\nstd::bad_alloc\n")

    monkeypatch.setattr(runner_module, "Lane", full)
    with pytest.raises(DeviceFailed, match=r"openvino:cpu has not the memory for an image: std::bad_alloc; end other"):
        runner.run(_images(1), ["logits"])
    monkeypatch.undo()
    assert runner.run(_images(1), ["logits"])["logits"].shape == (1, 2)


def test_what_is_closed_is_given_back(model_folder: Path) -> None:
    import gc
    import weakref

    classifier = Classifier(model_folder, "openvino")
    classifier.run(_images(1))
    runner = weakref.ref(classifier.runner)
    classifier.close()
    gc.collect()
    assert runner() is None
    with pytest.raises(UsageError, match="closed"):
        classifier.run(_images(1))


def test_a_run_that_does_not_end_is_ended(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that never says that it is done: it is told to stop, let go, and the next run has another one."""
    runner = load_model(model_folder, "openvino").runner
    runner.run(_images(1), ["logits"])
    (lane,) = runner._free
    stopped = threading.Event()
    lane._requests = [
        SimpleNamespace(
            start_async=lambda: None,
            wait_for=lambda milliseconds: time.sleep(milliseconds / 1000),
            cancel=stopped.set,
        )
    ]
    monkeypatch.setattr(lanes, "RUN_SECONDS", 0.2)
    monkeypatch.setattr(lanes, "_ENDING", 0.1)
    with pytest.raises(DeviceFailed, match=r"for 0\.2 s without an end and was stopped"):
        runner.run(_images(1), ["logits"])
    assert stopped.is_set()
    assert runner._free == []
    monkeypatch.undo()
    assert runner.run(_images(1), ["logits"])["logits"].shape == (1, 2)


def test_a_model_without_golden_answers_is_opened_and_nothing_is_kept(
    tiny_model: Build, tmp_path: Path, own_cache: Path
) -> None:
    path = tmp_path / "bare.onnx"
    path.write_bytes(tiny_model())
    proven: list[Any] = []
    loaded = open_file(own_file(path), "openvino", proof=proven.append)
    assert loaded.facts.device == "openvino:cpu"
    assert proven == []
    assert not own_cache.exists()


def test_the_reason_is_openvinos_last_word() -> None:
    error = RuntimeError(
        "Exception from src/core/src/a.cpp:85:\nCheck 'x' failed at src/b.cpp:9:\n\n  it cannot be so. \n"
    )
    assert library_module.reason_of(error) == "it cannot be so"
    assert library_module.reason_of(RuntimeError("")) == "RuntimeError"
