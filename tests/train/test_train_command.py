"""`edgecad train` on what is not as it must be: one line, the next step, the documented exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import pytest

from edgecad_train.phantoms import write_dataset

Run = Callable[..., "object"]


def _refused(answer: object, code: int, *words: str) -> None:
    assert answer.code == code, answer  # type: ignore[attr-defined]
    text = answer.stderr  # type: ignore[attr-defined]
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
        (("--strategy", "s7"), "two-stage, warm-up, scratch"),
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
    answer = edgecad_here("train", "--backbone", "mobilenetv2", "--weights", name)
    assert "Warning" not in answer.stderr  # type: ignore[attr-defined]
    _refused(answer, 2, name, "does not hold the weights of mobilenetv2", "give the Keras weights file")


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
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()
