"""The model that is carried over: one that is given, or a small one that is trained and exported here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from emulated.errors import Broken
from emulated.place import KeptFolder
from emulated.said import say

EPOCHS = ("--warmup-epochs", "1", "--finetune-epochs", "1")
STEPS = (
    ("phantom", "data", "--patients", "24", "--seed", "3"),
    ("train", "data", "--backbone", "mobilenetv2", "--weights", "none", "--folds", "2", *EPOCHS, "--quiet"),
    ("export", "--fp16", "--int8"),
)
"""A few layers by the name of MobileNetV2, with the default input and features; its answers mean nothing."""


def bring_model(place: KeptFolder, python: str, repository: Path, given: Path | None) -> None:
    """Put a model folder into `place.model`.

    Args:
        place: gets `model/`.
        python: of an environment that trains and exports.
        repository: the sources.
        given: a model folder; None: the small one.

    Raises:
        Broken: there is no such folder, or the small model could not be made.
    """
    if given is not None and not (given / "SHA256SUMS").is_file():
        raise Broken(f"{given} is no model folder: it has no SHA256SUMS")
    place.clear(place.model)
    if given is not None:
        shutil.copytree(given, place.model)
        return
    say("a small model is trained and exported here, in fp32, fp16 and int8: a minute or two")
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            _edgecad(Path(folder), python, repository, step)
        models = Path(folder) / "models"
        shutil.copytree(models / (models / "latest").read_text(encoding="utf-8").strip(), place.model)


def _edgecad(folder: Path, python: str, repository: Path, words: tuple[str, ...]) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGECAD_")}
    command = [python, str(repository / "tests" / "train" / "small.py"), *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"edgecad {words[0]} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
