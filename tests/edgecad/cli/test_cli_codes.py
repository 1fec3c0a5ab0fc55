"""Every way to fail has its exit code and its line; the other runtime commands do what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier, Contract
from edgecad.cli.program import app
from edgecad.contract import CONTRACT_VERSION
from edgecad.errors import (
    EdgecadError,
    EngineBuildFailed,
    GateFailed,
    InputRefused,
    ModelInvalid,
    NotAvailable,
    UsageError,
)
from edgecad.frozen import json_from_struct

Run = Callable[..., Any]
Build = Callable[..., bytes]


def one_line(done: Any) -> str:
    (line,) = done.stderr.splitlines()
    assert line.startswith("edgecad: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return str(line)


@pytest.fixture
def model_of(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(content: bytes) -> Path:
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "model.onnx").write_bytes(content)
        return folder

    return write


@pytest.mark.parametrize("kind", ["none", "newer", "truncated", "absent"])
def test_a_model_that_cannot_be_used_ends_with_code_6(
    edgecad: Run,
    tiny_model: Build,
    tiny_contract: Contract,
    model_of: Callable[[bytes], Path],
    tmp_path: Path,
    phantom_jpeg: Path,
    kind: str,
) -> None:
    newer = json_from_struct(tiny_contract).replace(
        f'"version": {CONTRACT_VERSION},', f'"version": {CONTRACT_VERSION + 1},', 1
    )
    content = {"none": tiny_model(None), "newer": tiny_model(newer), "truncated": tiny_model()[:500]}
    model = model_of(content[kind]) if kind in content else tmp_path / "absent"
    done = edgecad("infer", phantom_jpeg, "--model", model)
    assert done.code == 6
    words = {"none": "no EdgeCAD contract", "newer": "update edgecad", "truncated": "export it again"}
    assert words.get(kind, "edgecad export") in one_line(done)


def test_an_engine_whose_answer_fails_its_check_ends_with_code_5_and_a_record(
    edgecad: Run, tiny_model: Build, model_of: Callable[[bytes], Path], phantom_jpeg: Path, tmp_path: Path
) -> None:
    model = model_of(tiny_model(off_logits=float("nan")))
    absent = tmp_path / "absent.jpg"
    done = edgecad("infer", phantom_jpeg, absent, "--model", model, "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.code == 5, "the highest code wins"
    assert [record["status"] for record in records] == ["failed", "refused"]
    assert records[0]["probability"] is None


def test_a_device_that_is_not_here_ends_with_code_4(edgecad: Run, model_folder: Path, phantom_jpeg: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--device", "cuda")
    assert done.code == 4
    assert "--device cpu" in one_line(done)


@pytest.mark.parametrize(
    "arguments",
    [
        ["infer", "--colour", "x.jpg"],
        ["infer"],
        ["inferr", "x.jpg"],
        ["--colour"],
        ["infer", "x.jpg", "--threshold", "much"],
        ["infer", "x.jpg", "--threshold", "2"],
        ["bench", "--runs", "3"],
    ],
)
def test_a_wrong_command_line_ends_with_code_2(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert done.stderr
    assert "Traceback" not in done.output


def test_a_wrong_device_ends_with_code_2_and_lists_the_devices(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path
) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--device", "gpu")
    assert done.code == 2
    assert (
        "auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N, openvino, openvino:cpu, openvino:gpu or openvino:npu"
        in one_line(done)
    )


def test_a_folder_that_cannot_be_written_is_found_out_before_any_answer(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--out", tmp_path / "file" / "out")
    assert (done.code, done.stdout) == (2, "")
    assert "file/out must be" in one_line(done)


def test_a_disk_that_cannot_be_written_is_found_out_before_a_model_is_opened(
    edgecad: Run, closed_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    """No model is there, which would be the next thing to be said."""
    (tmp_path / "in").mkdir()
    for words in (("infer", phantom_jpeg, "--out", closed_folder / "out"),
                  ("watch", tmp_path / "in", closed_folder / "out"),
                  ("watch", closed_folder, tmp_path / "out")):  # fmt: skip
        done = edgecad(*words, "--model", "absent")
        assert (done.code, done.stdout) == (1, "")
        assert str(closed_folder) in one_line(done)
        assert "choose another place" in one_line(done)
        assert "onnxruntime" not in done.modules
    assert not (tmp_path / "out").exists()


def test_a_command_that_fails_leaves_no_folder_of_answers(edgecad: Run, phantom_jpeg: Path, tmp_path: Path) -> None:
    done = edgecad("infer", phantom_jpeg, "--model", "absent")
    assert done.code == 6
    assert list((tmp_path / "place").iterdir()) == []


def test_an_answer_stands_although_its_picture_cannot_be_written(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = edgecad("infer", phantom_jpeg, "--model", model_folder, "--out", out, "--json")
    picture = Path(json.loads(first.stdout)["figure"])
    picture.unlink()
    picture.mkdir()  # nothing can be renamed onto a folder
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--out", out, "--json")
    assert done.code == 1
    record = json.loads(done.stdout)
    assert (record["status"], record["figure"]) == ("answered", None)
    assert record["remarks"] == ["no picture: Is a directory"]
    assert "picture of a scan could not be written" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("place", ["closed", "a file in its way", "full"])
def test_a_place_where_no_picture_can_be_written_costs_no_answer(
    place: str, edgecad: Run, model_folder: Path, phantom_jpeg: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Nobody named a folder for the picture, so it is no reason to keep the answer."""
    if place == "closed":
        folder = request.getfixturevalue("closed_folder")
    elif place == "full":
        folder = request.getfixturevalue("mounted")("size=8k")
        (folder / "all").write_bytes(bytes(2**13 - 2**12))
        (folder / "more").write_bytes(bytes(2**12))
    else:
        folder = tmp_path / "place"
        (folder / "answers").touch()
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, before=f"import os; os.chdir({str(folder)!r})")
    assert done.code == 1
    assert "scan.jpg: " in done.stdout
    assert "->" not in done.stdout
    assert done.stderr.count("\n") == 1
    assert "the picture of a scan could not be written" in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("seen; wanted"), 2, "edgecad: seen; wanted"),
        (InputRefused("blank", "seen; wanted"), 3, "edgecad: seen; wanted"),
        (NotAvailable("seen; wanted"), 4, "edgecad: seen; wanted"),
        (GateFailed("seen; wanted"), 5, "edgecad: seen; wanted"),
        (ModelInvalid("seen;\nwanted"), 6, "edgecad: seen; wanted"),
        (EngineBuildFailed("seen; wanted"), 7, "edgecad: seen; wanted"),
        (KeyboardInterrupt(), 130, "edgecad: interrupted"),
        (PermissionError(13, "Permission denied", "out"), 1, "edgecad: Permission denied: out"),
        (OSError(28, "No space left on device"), 1, "edgecad: No space left on device"),
        (RuntimeError("surprise\nwith details"), 1, "edgecad: unexpected RuntimeError: surprise; please"),
    ],
)
def test_every_error_becomes_its_code_and_one_line(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, words: str
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    monkeypatch.delenv("EDGECAD_DEBUG", raising=False)
    monkeypatch.setattr(Classifier, "__init__", fail)
    done = CliRunner().invoke(app, ["infer", "scan.jpg"])
    assert done.exit_code == code
    (line,) = done.stderr.splitlines()
    assert line.startswith(words)
    assert done.stdout == ""


def test_an_unexpected_error_is_shown_whole_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setenv("EDGECAD_DEBUG", "1")
    monkeypatch.setattr(Classifier, "__init__", fail)
    done = CliRunner().invoke(app, ["infer", "scan.jpg"])
    assert isinstance(done.exception, RuntimeError)


def test_no_two_kinds_of_error_share_a_code() -> None:
    codes = [kind.exit_code for kind in EdgecadError.__subclasses__()]
    assert sorted(codes) == [1, 2, 3, 4, 5, 6, 7]


# --- the other commands ------------------------------------------------------------------------------------


def test_verify_replays_the_golden_samples(edgecad: Run, model_folder: Path) -> None:
    done = edgecad("verify", model_folder.parent / "latest")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.count("holds") == 3
    assert done.stdout.splitlines()[-1].startswith("next: edgecad bench ")


def test_verify_ends_with_code_5_if_an_answer_differs(
    edgecad: Run,
    tiny_model: Build,
    tiny_contract: Contract,
    model_folder: Path,
    model_of: Callable[[bytes], Path],
) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        first, *others = classifier.contract.golden
    changed = replace(first, logits=(first.logits[0] + 1.0, first.logits[1]))
    model = model_of(tiny_model(replace(tiny_contract, golden=(changed, *others))))
    done = edgecad("verify", model, "--json")
    assert done.code == 5
    rows = json.loads(done.stdout)["replays"]
    assert {row["sample"]: row["holds"] for row in rows} == {
        first.sample: False,
        **{other.sample: True for other in others},
    }
    assert first.sample in done.stderr
    assert "do not use this model" in done.stderr


def test_demo_touches_no_folder_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(app, ["demo", str(tmp_path)])
    if done.exit_code == NotAvailable.exit_code:
        pytest.skip("training is not installed here")
    assert done.exit_code == 2
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.usefixtures("all_extras")
def test_help_lists_the_commands_in_the_order_of_their_use() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    places = [text.index(f"\n  {name} ") for name in ("phantom", "train", "export", "infer", "verify", "bench")]
    assert places == sorted(places)
