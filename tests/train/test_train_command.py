"""`edgecad train` on what is not as it must be: one line, the next step, the documented exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import pytest

from edgecad_train.cli.train.check import check_folder
from edgecad_train.data import find_cases
from edgecad_train.phantoms import write_dataset

from .conftest import Answered

Run = Callable[..., Answered]


def _refused(answer: Answered, code: int, *words: str) -> None:
    assert answer.code == code, answer
    text = answer.stderr
    assert text.startswith("edgecad: ")
    assert text.count("\n") == 1, text
    for word in words:
        assert word in text
    assert not Path("runs").exists()


def _files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def test_no_data_folder_says_what_is_wanted_and_how_to_try(edgecad_here: Run) -> None:
    _refused(edgecad_here("train", "--weights", "none"), 2, "no data at data", "CAD/ and nonCAD/", "edgecad phantom")


def test_one_class_is_a_usage_error(edgecad_here: Run) -> None:
    _files(*(f"data/CAD/{number}.jpg" for number in range(8)))
    _refused(edgecad_here("train", "--weights", "none"), 2, "no folder nonCAD", "wanted")


def test_three_images_are_a_usage_error(edgecad_here: Run) -> None:
    _files("data/CAD/a.jpg", "data/CAD/b.jpg", "data/nonCAD/c.jpg")
    _refused(edgecad_here("train", "--weights", "none"), 2, "class CAD has 2 patients", "at least 5")


def test_a_csv_with_a_patient_under_two_labels_is_a_usage_error(edgecad_here: Run) -> None:
    Path("labels.csv").write_text("path,label,patient\na.jpg,CAD,p1\nb.jpg,nonCAD,p1\n")
    _refused(edgecad_here("train", "labels.csv", "--weights", "none"), 2, "'p1' is under two labels", "correct")


def test_an_unknown_backbone_is_a_usage_error(edgecad_here: Run) -> None:
    _refused(edgecad_here("train", "--backbone", "vgg99"), 2, "'vgg99'", "mobilenetv2", "resnet152v2")


def test_a_missing_weights_file_is_a_usage_error(edgecad_here: Run) -> None:
    _refused(
        edgecad_here("train", "--weights", "no/such.h5"), 2, "no/such.h5", "--weights imagenet, none or an existing"
    )


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--lr-exponent", "5"), "3 to 4"),
        (("--strategy", "s7"), "scratch, all, first-layers"),
    ],
)
def test_options_out_of_range_are_usage_errors(options: tuple[str, str], word: str, edgecad_here: Run) -> None:
    _refused(edgecad_here("train", "--weights", "none", *options), 2, word)


def _other_network(path: Path) -> None:
    image = keras.Input((8, 8, 3))
    keras.Model(image, keras.layers.Conv2D(2, 3)(image)).save_weights(path)


def _no_weights(path: Path) -> None:
    path.write_bytes(b"not an HDF5 file at all")


@pytest.mark.parametrize("write", [_other_network, _no_weights])
@pytest.mark.parametrize("name", ["own.weights.h5", "own.h5"])
def test_a_weights_file_that_does_not_fit_is_a_usage_error(
    name: str, write: Callable[[Path], None], edgecad_here: Run, tmp_path: Path
) -> None:
    write(tmp_path / "x.weights.h5")
    (tmp_path / "x.weights.h5").rename(tmp_path / name)
    write_dataset(tmp_path / "data", 16, seed=3)
    answer = edgecad_here("train", "--backbone", "mobilenetv2", "--weights", name, "-q")
    assert "Warning" not in answer.stderr
    lines = [line for line in answer.stderr.splitlines() if not line.startswith("finding: ")]
    assert answer.code == 2, answer
    assert not Path("runs").exists()
    told = next(line for line in lines if line.startswith("edgecad: "))
    for word in (name, "does not hold the weights of mobilenetv2", "give the Keras weights file"):
        assert word in told


def test_a_weights_file_of_another_network_is_said_before_scans_are_read(
    edgecad_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _other_network(tmp_path / "other.weights.h5")
    write_dataset(tmp_path / "data", 16, seed=3)
    monkeypatch.setattr("edgecad_train.cli.train.steps.read_scans", lambda *words: pytest.fail("scans were read"))
    answer = edgecad_here("train", "--backbone", "mobilenetv2", "--weights", "other.weights.h5", "-q")
    _refused(answer, 2, "does not hold the weights of mobilenetv2", "give the Keras weights file")


def test_imagenet_weights_that_are_neither_here_nor_to_be_fetched_are_named(tmp_path: Path) -> None:
    write_dataset(tmp_path / "data", 16, seed=3)
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    nowhere = "http://127.0.0.1:9"  # nothing listens there, so the download fails at once
    environment |= {"KERAS_HOME": str(tmp_path / "cache"), "http_proxy": nowhere, "https_proxy": nowhere}
    done = subprocess.run(
        [sys.executable, "-m", "edgecad", "train", "--backbone", "mobilenetv2", "--weights", "imagenet"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    told = next(line for line in done.stderr.splitlines() if line.startswith("edgecad: "))
    assert done.returncode == 4, done.stderr
    assert "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5" in told
    assert str(tmp_path / "cache" / "models") in told
    assert "--weights FILE" in told
    assert done.stderr.count("\n") == 1
    assert "Downloading" not in done.stderr + done.stdout
    assert not (tmp_path / "runs").exists()


def _phantom_run(folder: Path) -> list[str]:
    write_dataset(folder / "data", 16, seed=3)
    return ["train", "--backbone", "mobilenetv2", "--weights", "none", "--warmup-epochs", "2", "--finetune-epochs", "2",
            "--folds", "2"]  # fmt: skip


def test_a_run_that_is_killed_goes_on_and_gives_the_same_figures(edgecad_here: Run, tmp_path: Path) -> None:
    words = _phantom_run(tmp_path)
    twice = min((tmp_path / "data" / "CAD").glob("*.jpg"))
    shutil.copy(twice, twice.with_suffix(".jpeg"))
    whole = edgecad_here(*words, "--out", "whole")
    assert whole.code == 0, whole
    command = [sys.executable, str(Path(__file__).with_name("small.py")), *words]
    killed = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(lambda: killed.poll() is not None or any((tmp_path / "runs").glob("*.unfinished/stage-0-0.npz")))
    killed.kill()
    killed.wait()
    assert list((tmp_path / "runs").glob("*.unfinished/stage-0-0.npz"))
    assert not list((tmp_path / "runs").glob("*/model.keras"))
    done = edgecad_here("train", "--resume")
    assert done.code == 0, done
    runs = [tmp_path / name / (tmp_path / name / "latest").read_text().strip() for name in ("whole", "runs")]
    one, other = ((run / "predictions.csv").read_text() for run in runs)
    assert one == other
    assert not list((tmp_path / "runs").glob("*.unfinished"))
    assert f"left out: {twice.name}: " in done.stderr
    record = json.loads((runs[1] / "run.json").read_text())
    assert record["seconds"] >= sum(record["seconds_by_step"].values()) - 0.1, "of all sessions"


def _wait_for(condition: Callable[[], bool], seconds: float = 240) -> None:
    import time

    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.05)


def test_resuming_where_nothing_is_unfinished_is_a_usage_error(edgecad_here: Run) -> None:
    _refused(edgecad_here("train", "--resume"), 2, "no unfinished run in runs", "edgecad train DATA")


def test_an_unfinished_run_of_a_newer_version_is_refused_and_kept(edgecad_here: Run) -> None:
    job = Path("runs/x.unfinished/job.json")
    job.parent.mkdir(parents=True)
    job.write_text('{"schema": 99}')
    answer = edgecad_here("train", "--resume")
    assert answer.code == 6
    assert "schema 99" in answer.stderr
    assert job.is_file()


def test_a_check_trains_nothing_and_tells_what_would_be_trained_on(edgecad_here: Run) -> None:
    write_dataset(Path("data"), 16, seed=3)
    Path("data/CAD/broken.jpg").write_bytes(b"not a picture")
    answer = edgecad_here("train", "--check", "--backbone", "mobilenetv2")
    assert answer.code == 2
    assert "training would stop: 1 of 17" in answer.stdout
    Path("data/CAD/broken.jpg").unlink()
    Path("data/CAD/other.bmp").write_bytes(b"BM" + bytes(10))
    Path("data/unclear").mkdir()
    shutil.copy(next(Path("data/CAD").glob("*.jpg")), "data/unclear")
    answer = edgecad_here("train", "--check", "--backbone", "mobilenetv2", "--folds", "0")
    assert answer.code == 0, answer
    assert "passed over: data/CAD/other.bmp: a BMP picture" in answer.stderr
    assert (
        "passed over: data/unclear: a folder beside the class folders CAD/ and nonCAD/, with 1 scan;" in answer.stderr
    )
    told = json.loads(Path("data-check/checkup.json").read_text())["passed_over"]
    assert [(one["file"], one["kind"]) for one in told] == [
        ("data/unclear", "beside"),
        ("data/CAD/other.bmp", "picture"),
    ]
    assert "next: edgecad train data --backbone mobilenetv2 --folds 0" in answer.stdout
    assert "validation" in answer.stdout
    assert "finding: the test part is small, " in answer.stdout
    assert "imagenet" in answer.stdout
    assert {path.name for path in Path("data-check").iterdir()} == {"checkup.json", "contact-sheet.png"}
    assert not Path("runs").exists()


def test_a_check_tells_whether_the_first_weights_are_to_be_had(
    edgecad_here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(Path("data"), 16, seed=3)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    lacking = edgecad_here("train", "--check", "--backbone", "mobilenetv2").stdout
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
    assert f"first weights: imagenet, which are not here; training would fetch {name}" in lacking
    (tmp_path / "cache" / "models").mkdir(parents=True)
    with h5py.File(tmp_path / "cache" / "models" / name, "w") as file:
        file.create_group("layer")
    there = edgecad_here("train", "--check", "--backbone", "mobilenetv2").stdout
    assert f"first weights: imagenet, {name} in Keras' cache" in there
    shutil.copy(tmp_path / "cache" / "models" / name, "own.h5")
    own = edgecad_here("train", "--check", "--backbone", "mobilenetv2", "--weights", "own.h5").stdout
    assert "first weights: own.h5, sha256 " in own
    assert own.splitlines()[-1] == "next: edgecad train data --backbone mobilenetv2 --weights own.h5"


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("labels.csv", "labels-check"),
        ("study/labels.csv", "study/labels-check"),
        ("data/CAD/labels.csv", "labels-check"),
        ("data/nonCAD/more/labels.csv", "labels-check"),
        ("CAD/labels.csv", "CAD/labels-check"),
        ("data", "data-check"),
        ("data/CAD/..", "data-check"),
    ],
)
def test_a_check_is_written_where_no_scan_is_looked_for(
    table: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _files("data/CAD/a.jpg", "data/nonCAD/more/b.jpg")
    assert check_folder(Path(table)) == tmp_path / place


def test_a_check_of_the_folder_that_one_stands_in_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _files(tmp_path / "data/CAD/a.jpg", tmp_path / "data/nonCAD/b.jpg")
    monkeypatch.chdir(tmp_path / "data")
    assert check_folder(Path()) == tmp_path / "data-check"
    monkeypatch.chdir(tmp_path / "data/CAD")
    assert check_folder(Path("..")) == tmp_path / "data-check"


def test_a_place_that_cannot_be_written_is_said_before_scans_are_read(
    edgecad_here: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    _files(*(f"data/{label}/{label}{number}.jpg" for label in ("CAD", "nonCAD") for number in range(5)))
    Path("data-check").write_text("a file where the folder would be")
    monkeypatch.setattr("edgecad_train.cli.train.check.read_scans", lambda *words: pytest.fail("scans were read"))
    _refused(edgecad_here("train", "--check"), 2, "data-check cannot be made")


def test_the_pictures_of_a_check_are_never_scans_of_the_next_training(edgecad_here: Run) -> None:
    write_dataset(Path("data"), 16, seed=3)
    table = Path("data/labels.csv").read_text().replace("nonCAD/", "../nonCAD/").replace(",masks/", ",../masks/")
    Path("data/CAD/labels.csv").write_text(re.sub(r"^CAD/", "", table, flags=re.MULTILINE))
    before = find_cases(Path("data")).cases
    answer = edgecad_here("train", "data/CAD/labels.csv", "--check", "--backbone", "mobilenetv2")
    assert answer.code == 0, answer
    assert next(Path().rglob("contact-sheet.png")) == Path("labels-check/contact-sheet.png")
    assert find_cases(Path("data")).cases == before


def test_whole_images_are_warned_of(edgecad_here: Run) -> None:
    write_dataset(Path("data"), 16, seed=3)
    answer = edgecad_here("train", "--check", "--backbone", "mobilenetv2", "--crop", "none")
    assert "warning: --crop none takes whole images" in answer.stderr
    assert "burnt in" in answer.stderr
    assert "whole images" not in edgecad_here("train", "--check", "--backbone", "mobilenetv2").stderr


def test_reading_leaves_a_line_in_a_log_and_none_if_it_is_to_be_quiet(edgecad_here: Run) -> None:
    write_dataset(Path("data"), 16, seed=3)
    words = ("train", "--check", "--backbone", "mobilenetv2")
    assert edgecad_here(*words).stderr.rstrip().endswith("reading 16/16")
    assert edgecad_here(*words, "--quiet").stderr == ""


def test_a_split_and_folds_exclude_one_another(edgecad_here: Run) -> None:
    write_dataset(Path("data"), 16, seed=3)
    Path("split.json").write_text("{}")
    answer = edgecad_here("train", "--weights", "none", "--split", "split.json", "--folds", "2")
    _refused_last(answer, 2, "--split and --folds exclude one another")


def test_more_folds_than_patients_are_a_usage_error(edgecad_here: Run) -> None:
    write_dataset(Path("data"), 16, seed=3)
    _refused_last(edgecad_here("train", "--weights", "none", "--folds", "12"), 2, "12 folds, but the smaller class")


def _refused_last(answer: Answered, code: int, word: str) -> None:
    assert answer.code == code, answer
    assert word in answer.stderr.splitlines()[-1]
    assert not Path("runs").exists()
