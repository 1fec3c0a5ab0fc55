"""A reader who does what the pages say, in a folder with scans."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="the pages begin with training: edgecad[train]")
pytest.importorskip("tf2onnx", reason="the pages go through export: edgecad[export]")

from edgecad_train.phantoms import write_dataset

from .pages import Block, blocks_of

SMALL = Path(__file__).with_name("small.py")
HEAVY = "train|study|export|evaluate"
"""Commands that import TensorFlow; the others begin as they do for a reader."""
Follow = Callable[[Path, Iterable[Block]], None]


@pytest.fixture(scope="session")
def follow(tmp_path_factory: pytest.TempPathFactory, quick_python: tuple[str, ...]) -> Follow:
    """Run blocks in a folder, one after another; the first that does not end as it must fails the test."""
    if shutil.which("bash") is None:
        pytest.skip("the pages are for a shell, and there is no bash here")
    programs = tmp_path_factory.mktemp("programs")
    program = programs / "edgecad"
    heavy, light = (f'exec {shlex.join([*python, str(SMALL)])} "$@"' for python in (quick_python, (sys.executable,)))
    program.write_text(f'#!/bin/sh\ncase "$1" in\n{HEAVY}) {heavy} ;;\nesac\n{light}\n')
    program.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EDGECAD_")}
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"

    def run(folder: Path, blocks: Iterable[Block]) -> None:
        for block in blocks:
            words = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
            done = subprocess.run(
                [*words, block.text], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode in block.codes, f"{block} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr, f"{block}\n{done.stderr}"

    return run


def reader_folder(folder: Path) -> Path:
    """What a reader has: labelled scans, those of other patients, one scan."""
    write_dataset(folder / "data", 40, seed=3)
    write_dataset(folder / "new-data", 10, seed=4)
    shutil.copy(sorted((folder / "data" / "CAD").glob("*.jpg"))[0], folder / "scan.jpg")
    return folder


def external_model(path: Path) -> None:
    """A Keras model that EdgeCAD did not train, from images of -1 to 1 to two classes."""
    import keras

    layers = keras.layers
    stack = [
        keras.Input((64, 64, 3)),
        layers.Conv2D(8, 3, strides=2, activation="relu"),
        layers.Conv2D(16, 3, strides=2, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(2, activation="softmax"),
    ]
    keras.Sequential(stack).save(path)


@pytest.fixture(scope="session")
def after_readme(follow: Follow, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder after the README: a run and a model are there. Not to be changed."""
    folder = reader_folder(tmp_path_factory.mktemp("a reader"))
    follow(folder, [block for block in blocks_of("README.md") if block.runs])
    return folder
