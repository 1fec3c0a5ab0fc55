"""A classifier answers, or says why it does not."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad import Classifier, Contract, Prediction
from edgecad.contract import CONTRACT_VERSION, Colours, Decision, Metric
from edgecad.contract.graph import OUTPUTS
from edgecad.errors import EdgecadError, GateFailed, InputRefused, ModelInvalid, NotAvailable, UsageError
from edgecad.frozen import json_from_struct
from edgecad.modelfiles.digest import with_digest
from edgecad.polarmap import disc_mask, prepare

Pixels = np.ndarray
Screens = Callable[[int], Pixels]
Build = Callable[..., bytes]


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Classifier:
    return Classifier(model_folder, device="cpu")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        path = tmp_path / "model.onnx"
        path.write_bytes(content)
        return path

    return write


def prepared(screens: Screens, classifier: Classifier, count: int) -> Pixels:
    preparation = classifier.contract.preparation
    return np.stack([prepare(screens(index), preparation).image for index in range(count)])


def test_an_answer_carries_its_label_map_and_provenance(classifier: Classifier, phantom_jpeg: Path) -> None:
    answer = classifier(phantom_jpeg)
    assert isinstance(answer, Prediction)
    assert answer.label == ("CAD" if answer.probability >= 0.5 else "nonCAD")
    assert answer.heatmap.shape == (4, 4)
    assert answer.image.shape == (64, 64, 3)
    assert (answer.device, answer.provider, answer.precision) == ("cpu", "CPUExecutionProvider", "fp32")
    assert answer.origin == "phantom"
    assert {len(answer.scan_sha256), len(answer.model_sha256), len(answer.contract_sha256)} == {64}
    assert set(answer.milliseconds) == {"decode", "prepare", "run", "heatmap"}


def test_the_answer_is_what_the_model_computes_by_hand(classifier: Classifier, phantom_screen: Screens) -> None:
    """The tiny model is a weighted mean of the colours, so numpy alone must find its answer."""
    answer = classifier(phantom_screen(1))
    colours = answer.image.astype(np.float64) / 255
    red, green, blue = colours.mean(axis=(0, 1))
    logit = 4 * red - 3 * green - 2 * blue - 0.1
    np.testing.assert_allclose(answer.logits, [logit, -logit], atol=1e-5)
    assert answer.probability == pytest.approx(1 / (1 + np.exp(-2 * logit)), abs=1e-6)
    cells = colours.reshape(4, 16, 4, 16, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(answer.heatmap, cells @ [8, -6, -4], atol=1e-5)
    assert answer.heatmap.mean() - 0.2 == pytest.approx(2 * logit, abs=1e-5)


def test_path_bytes_and_pixels_of_a_scan_have_the_same_answer(
    classifier: Classifier, phantom_jpeg: Path, phantom_screen: Screens
) -> None:
    by_path, by_name, by_bytes = map(classifier, (phantom_jpeg, str(phantom_jpeg), phantom_jpeg.read_bytes()))
    assert by_path.probability == by_name.probability == by_bytes.probability
    assert by_path.scan_sha256 == by_bytes.scan_sha256
    # The JPEG has lost a little.
    assert classifier(phantom_screen(0)).probability == pytest.approx(by_path.probability, abs=0.01)


def test_temperature_divides_the_logits_before_they_become_a_probability(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    decision = Decision(threshold=0.5, rule="given", temperature=3.0)
    answer = Classifier(written(tiny_model(replace(tiny_contract, decision=decision))))(phantom_screen(1))
    difference = float(answer.logits[0] - answer.logits[1])
    assert answer.probability == pytest.approx(1 / (1 + np.exp(-difference / 3)), abs=1e-6)


def test_the_positive_class_may_stand_second(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    first = Classifier(written(tiny_model()))(phantom_screen(1))
    swapped = replace(tiny_contract, classes=("nonCAD", "CAD"))
    second = Classifier(written(tiny_model(swapped)))(phantom_screen(1))
    assert second.probability == pytest.approx(1 - first.probability, abs=1e-6)
    np.testing.assert_allclose(second.heatmap, -first.heatmap, atol=1e-6)


def test_a_site_may_set_its_own_threshold(model_folder: Path, phantom_screen: Screens) -> None:
    score = Classifier(model_folder, device="cpu")(phantom_screen(1)).probability
    below = Classifier(model_folder, device="cpu", threshold=score + 0.01)(phantom_screen(1))
    above = Classifier(model_folder, device="cpu", threshold=score - 0.01)(phantom_screen(1))
    assert (below.label, below.above) == ("nonCAD", False)
    assert (above.label, above.above) == ("CAD", True)
    assert below.threshold == score + 0.01


@pytest.mark.parametrize("threshold", [0, 1, -0.5, 1.5, float("nan")])
def test_a_threshold_outside_of_zero_to_one_is_a_usage_error(model_folder: Path, threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        Classifier(model_folder, device="cpu", threshold=threshold)


def test_a_score_at_the_threshold_is_positive(model_folder: Path, phantom_screen: Screens) -> None:
    score = Classifier(model_folder, device="cpu")(phantom_screen(1)).probability
    answer = Classifier(model_folder, device="cpu", threshold=score)(phantom_screen(1))
    assert (answer.label, answer.above) == ("CAD", True)


def test_a_screen_without_a_map_is_an_error_and_never_an_answer(
    classifier: Classifier, wrong_screen: Callable[[str], Pixels]
) -> None:
    with pytest.raises(InputRefused):
        classifier(wrong_screen("colour wheel"))


def test_colours_that_training_never_saw_are_a_finding(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    half = replace(tiny_contract, colours=_half_of(phantom_screen(1), tiny_contract))
    seen = {f.code: f.value for f in Classifier(written(tiny_model()))(phantom_screen(1)).findings}
    unseen = {f.code: f.value for f in Classifier(written(tiny_model(half)))(phantom_screen(1)).findings}
    assert "colours-unseen" not in seen
    assert 0.02 < unseen["colours-unseen"] < 0.6


def test_another_colour_table_than_training_saw_is_refused(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    blind = Classifier(written(tiny_model(replace(tiny_contract, colours=Colours()))))
    with pytest.raises(InputRefused, match="colours that training never saw") as caught:
        blind(phantom_screen(1))
    assert caught.value.reason == "colours"


def _half_of(screen: NDArray[np.uint8], contract: Contract) -> Colours:
    """Of the colours on a screen's disc, those that cover the larger half of it."""
    image = prepare(screen, contract.preparation).image
    counts = np.bincount((image[disc_mask(image.shape[0], shrink=2.0)] >> 4) @ np.array([256, 16, 1]), minlength=4096)
    order = np.argsort(-counts)
    enough = int(np.searchsorted(counts[order].cumsum(), 0.6 * counts.sum())) + 1
    seen = np.zeros(4096, bool)
    seen[order[:enough]] = True
    return Colours(bins=np.packbits(seen).tobytes().hex())


# --- many at once ------------------------------------------------------------------------------------------


def test_a_batch_of_three_answers_as_its_images_one_by_one(classifier: Classifier, phantom_screen: Screens) -> None:
    images = prepared(phantom_screen, classifier, 3)
    together = classifier.run(images, OUTPUTS)
    for index in range(3):
        alone = classifier.run(images[index : index + 1], OUTPUTS)
        for name in OUTPUTS:
            assert alone[name].shape[0] == 1
            np.testing.assert_allclose(together[name][index], alone[name][0], atol=1e-6)
    assert len({round(float(value), 4) for value in together["logits"][:, 0]}) == 3


def test_an_answer_does_not_depend_on_the_threads_of_a_run(model_folder: Path, phantom_screen: Screens) -> None:
    with (
        Classifier(model_folder, device="cpu", threads=1) as one,
        Classifier(model_folder, device="cpu", threads=3) as three,
    ):
        assert (one.facts.threads, three.facts.threads) == (1, 3)
        answers = [classifier(phantom_screen(1)) for classifier in (one, three)]
    assert answers[0].logits.tobytes() == answers[1].logits.tobytes()
    assert answers[0].heatmap.tobytes() == answers[1].heatmap.tobytes()


def test_what_cannot_be_meant_is_a_usage_error(model_folder: Path, phantom_jpeg: Path) -> None:
    for wrong in ({"precision": "fp8"}, {"threads": 0}, {"threshold": 1.0}, {"device": "gpu"}):
        with pytest.raises(UsageError, match=r"fp8|0 threads|1\.0|gpu"):
            Classifier(model_folder, **wrong)  # type: ignore[arg-type]
    with Classifier(model_folder, device="cpu") as classifier:
        for frame in ("2", 2.0, True, 0):
            with pytest.raises(UsageError, match="frame"):
                classifier(phantom_jpeg, frame=frame)  # type: ignore[arg-type]
        with pytest.raises(InputRefused, match="bytearray; wanted a path, bytes"):
            classifier(bytearray(phantom_jpeg.read_bytes()))


def test_each_of_many_is_answered_in_its_place_exactly_as_alone(
    model_folder: Path, phantom_screen: Screens, phantom_jpeg: Path
) -> None:
    sources = [phantom_screen(0), b"no screen", phantom_jpeg, "missing.jpg", phantom_screen(2)] * 3
    with Classifier(model_folder, device="cpu", threads=1) as classifier:
        answers = list(classifier.each(sources))
        assert len(answers) == len(sources)
        for source, answer in zip(sources, answers, strict=True):
            if isinstance(answer, Prediction):
                alone = classifier(source)
                assert answer.logits.tobytes() == alone.logits.tobytes()
                assert answer.heatmap.tobytes() == alone.heatmap.tobytes()
                assert answer.scan_sha256 == alone.scan_sha256
            else:
                with pytest.raises(type(answer), match=re.escape(str(answer))):
                    classifier(source)
    assert [isinstance(answer, InputRefused) for answer in answers] == [False, True, False, True, False] * 3


def test_four_threads_give_the_same_bits_as_one(classifier: Classifier, phantom_screen: Screens) -> None:
    images = prepared(phantom_screen, classifier, 4)
    alone = [classifier.run(images[i : i + 1]) for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(classifier.run, images[i % 4 : i % 4 + 1]) for i in range(80)]
    for index, task in enumerate(tasks):
        for name, value in task.result().items():
            assert value.tobytes() == alone[index % 4][name].tobytes()


def test_only_the_outputs_asked_for_are_given(classifier: Classifier, phantom_screen: Screens) -> None:
    images = prepared(phantom_screen, classifier, 1)
    assert set(classifier.run(images, ["logits"])) == {"logits"}


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 32, 32, 3), np.uint8),
        np.zeros((64, 64, 3), np.uint8),
        np.zeros((1, 3, 64, 64), np.uint8),
        np.zeros((1, 64, 64, 3), np.float32),
        np.zeros((1, 64, 64, 4), np.uint8),
    ],
)
def test_images_of_another_shape_are_a_usage_error_that_says_what_is_wanted(
    classifier: Classifier, images: Pixels
) -> None:
    with pytest.raises(UsageError, match=r"\(n, 64, 64, 3\) uint8 wanted"):
        classifier.run(images)


def test_a_closed_classifier_says_so(model_folder: Path, phantom_screen: Screens) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        classifier(phantom_screen(0))
    for use in (lambda: classifier(phantom_screen(0)), lambda: classifier.facts):
        with pytest.raises(UsageError, match="closed"):
            use()


# --- engines and models that cannot be trusted -------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_output_that_is_not_finite_is_no_answer(
    tiny_model: Build, phantom_screen: Screens, written: Callable[[bytes], Path], value: float
) -> None:
    classifier = Classifier(written(tiny_model(off_logits=value)), device="cpu")
    with pytest.raises(GateFailed, match="not finite"):
        classifier(phantom_screen(0))


@pytest.mark.parametrize("off", [1.0, 0.01])
def test_a_map_that_does_not_explain_the_logits_is_no_answer(
    tiny_model: Build, phantom_screen: Screens, written: Callable[[bytes], Path], off: float
) -> None:
    classifier = Classifier(written(tiny_model(off_logits=off)), device="cpu")
    with pytest.raises(GateFailed, match="do not belong together"):
        classifier(phantom_screen(0))


def test_rounding_is_not_mistaken_for_a_wrong_map(
    tiny_model: Build, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    Classifier(written(tiny_model(off_logits=1e-5)), device="cpu")(phantom_screen(0))


def newer(contract: Contract) -> str:
    return json_from_struct(contract).replace(
        f'"version": {CONTRACT_VERSION},', f'"version": {CONTRACT_VERSION + 1},', 1
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda build, contract: build(None), "carries no EdgeCAD contract"),
        (lambda build, contract: build(newer(contract)), "update edgecad"),
        (lambda build, contract: build("{}"), "version"),
        (lambda build, contract: build("not json"), "cannot be used"),
        (lambda build, contract: build()[:400], r"cannot open model\.onnx"),
        (lambda build, contract: build()[:-200], r"cannot open model\.onnx"),
        (lambda build, contract: b"", r"cannot open model\.onnx"),
        (lambda build, contract: b"\x89PNG\r\n\x1a\n" * 50, r"cannot open model\.onnx"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_with_the_reason(
    tiny_model: Build,
    tiny_contract: Contract,
    written: Callable[[bytes], Path],
    content: Callable[[Build, Contract], bytes],
    words: str,
) -> None:
    with pytest.raises(ModelInvalid, match=words):
        Classifier(written(content(tiny_model, tiny_contract)), device="cpu")


def test_a_model_that_opens_and_cannot_be_computed_is_refused_and_no_traceback(
    tiny_model: Build, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    """Found by changing bytes: a shape may be wrong in a way that only a scan brings to light."""
    grid, wrong = (np.array([0, 2, 4, side], np.int64).tobytes() for side in (4, 5))
    content = tiny_model()
    assert content.count(grid) == 1
    classifier = Classifier(written(with_digest(content.replace(grid, wrong))), device="cpu")
    with pytest.raises(ModelInvalid, match="opened the model and cannot compute it"):
        classifier(phantom_screen(0))


def test_too_little_memory_for_a_batch_is_said_as_such(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def run(self, *_: object) -> None:
            raise RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory for 9 GB")

    monkeypatch.setattr(classifier.runner, "_session", Full())
    with pytest.raises(NotAvailable, match="cpu has not the memory for 7 images at once"):
        classifier.run(np.zeros((7, 64, 64, 3), np.uint8))


def external(input_name: str, outputs: tuple[str, ...], kind: str = "UINT8") -> bytes:
    """An ONNX model of somebody else: a cast, under the names given."""
    onnx = pytest.importorskip("onnx")
    types, helper = onnx.TensorProto, onnx.helper
    graph = helper.make_graph(
        [helper.make_node("Cast", [input_name], [name], to=types.FLOAT) for name in outputs],
        "external",
        [helper.make_tensor_value_info(input_name, getattr(types, kind), ["N", 64, 64, 3])],
        [helper.make_tensor_value_info(name, types.FLOAT, ["N", 64, 64, 3]) for name in outputs],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: external("x", OUTPUTS), "inputs are"),
        (lambda: external("image", OUTPUTS, "FLOAT"), "inputs are"),
        (lambda: external("image", ("logits",)), "no output cam"),
        (lambda: external("image", OUTPUTS), "no EdgeCAD contract"),
    ],
)
def test_an_external_model_is_refused_by_what_it_lacks(
    written: Callable[[bytes], Path], content: Callable[[], bytes], words: str
) -> None:
    with pytest.raises(ModelInvalid, match=words):
        Classifier(written(content()), device="cpu")


def test_a_contract_with_another_input_size_than_the_graph_is_no_answer(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    wide = replace(tiny_contract, preparation=replace(tiny_contract.preparation, size=96))
    path = written(tiny_model(wide))

    def answer() -> None:
        Classifier(path, device="cpu")(phantom_screen(0))

    with pytest.raises(EdgecadError):
        answer()


# --- devices -----------------------------------------------------------------------------------------------


def test_cuda_is_never_replaced_by_the_cpu(model_folder: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(NotAvailable, match="--device cpu"):
        Classifier(model_folder, device="cuda")


@pytest.mark.parametrize("device", ["gpu", "cpu:1", "cuda:", "cuda:x", "cuda:-1", "", "CPU ", "tensorrt:"])
def test_a_device_of_another_name_is_a_usage_error_that_lists_the_names(model_folder: Path, device: str) -> None:
    with pytest.raises(
        UsageError,
        match="auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N, openvino, openvino:cpu, openvino:gpu or openvino:npu",
    ):
        Classifier(model_folder, device=device)


def test_tensorrt_without_a_gpu_builds_nothing(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecad.runners.tensorrt.gpu_here", lambda index=0: None)
    monkeypatch.setattr("edgecad.runners.tensorrt.engine_for", lambda *_, **__: pytest.fail("it was built"))
    with pytest.raises(NotAvailable, match="no NVIDIA GPU answers as tensorrt:1"):
        Classifier(model_folder, device="tensorrt:1")


def test_auto_says_what_it_took(model_folder: Path) -> None:
    facts = Classifier(model_folder, device="auto").facts
    assert facts.device.startswith(("cpu", "cuda:"))
    assert facts.provider in {"CPUExecutionProvider", "CUDAExecutionProvider"}


def test_golden_samples_are_replayed_whatever_colours_training_saw(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    """A hospital's model knows one colour table, and the samples have tables of their own."""
    blind = Classifier(written(tiny_model(replace(tiny_contract, colours=Colours()))))
    assert 0 < blind.replay(phantom_screen(1)).probability < 1


def test_a_model_that_was_not_shown_to_beat_chance_says_so_with_every_answer(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    def codes(low: float) -> set[str]:
        metric = Metric(name="auc", value=0.6, low=low, high=0.9, n=44, part="test", method="DeLong")
        model = tiny_model(replace(tiny_contract, metrics=(metric,)))
        return {finding.code for finding in Classifier(written(model))(phantom_screen(1)).findings}

    assert "model-not-above-chance" in codes(0.45)
    assert "model-not-above-chance" not in codes(0.55)


# --- answers that somebody insists on ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("screen", "words"),
    [
        ("cut by a line", "cut off along a straight line"),
        ("two maps of unequal size", "other pictures"),
        ("photograph", "kinds of colour"),
        ("colour wheel", "turn about the centre"),
    ],
)
def test_forced_answers_say_what_was_overruled(
    classifier: Classifier, wrong_screen: Callable[[str], Pixels], screen: str, words: str
) -> None:
    with pytest.raises(InputRefused, match=words):
        classifier(wrong_screen(screen))
    answer = classifier(wrong_screen(screen), force=True)
    assert any(words in objection for objection in answer.overruled)
    assert answer.stamp == "FORCED PAST THE MAP CHECK - PHANTOM MODEL - NOT FOR PATIENTS"


@pytest.mark.parametrize("screen", ["black", "white", "noise"])
def test_where_there_is_nothing_to_cut_out_nobody_can_insist(
    classifier: Classifier, wrong_screen: Callable[[str], Pixels], screen: str
) -> None:
    with pytest.raises(InputRefused):
        classifier(wrong_screen(screen), force=True)


def test_force_changes_nothing_where_nothing_was_to_be_refused(classifier: Classifier, phantom_screen: Screens) -> None:
    plain, forced = classifier(phantom_screen(0)), classifier(phantom_screen(0), force=True)
    assert forced.overruled == ()
    assert (forced.probability, forced.stamp) == (plain.probability, plain.stamp)


def test_unseen_colours_can_be_overruled(
    tiny_model: Build, tiny_contract: Contract, phantom_screen: Screens, written: Callable[[bytes], Path]
) -> None:
    other = replace(tiny_contract, colours=Colours(bins="0" * 1022 + "01"))
    classifier = Classifier(written(tiny_model(other)), device="cpu")
    with pytest.raises(InputRefused, match="colours that training never saw"):
        classifier(phantom_screen(0))
    assert "colours that training never saw" in classifier(phantom_screen(0), force=True).overruled[0]


def test_a_rest_study_is_refused_where_its_file_says_so(
    classifier: Classifier, phantom_screen: Screens, tmp_path: Path
) -> None:
    pydicom = pytest.importorskip("pydicom", reason="DICOM needs edgecad[dicom]")
    from edgecad_train.phantoms import dicom_bytes

    path = tmp_path / "scan.dcm"
    path.write_bytes(dicom_bytes(phantom_screen(0)))
    assert classifier(path).overruled == ()
    dataset = pydicom.dcmread(path)
    dataset.SeriesDescription = "DOE JANE rest, no AC"
    dataset.save_as(path)
    with pytest.raises(InputRefused, match="says that it is rest and not attenuation-corrected") as caught:
        classifier(path)
    assert caught.value.reason == "series"
    assert "DOE" not in str(caught.value)
    assert len(classifier(path, force=True).overruled) == 1
