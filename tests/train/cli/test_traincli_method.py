"""`edgecad train --method`: what it refuses before anything is read, and a whole run of the quickest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad_train.methods.table import EXPORTABLE, METHODS
from edgecad_train.runs.request import TrainRequest
from edgecad_train.training.settings import Settings


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--method", "normal-limit"),
            "(did you mean normal-limits?); train takes one of: normal-limits, deep-features",
        ),
        (("--method", "rgb-cn"), "(did you mean rgb-cnn?)"),
        (("--method", "foo"), "rows of edgecad study --methods alone are deep-features-rbf, segments-svm"),
        (("--method", "normal-limits", "--crop", "none"), "--input uptake"),
        (("--method", "segments-svm"), "is a row of a study and is not exported"),
        (("--method", "vgg16-maps"), "reads several maps of a patient"),
        (("--method", "normal-limits", "--units", "8"), "does not read --units"),
        (("--method", "normal-limits", "--backbone", "vgg16"), "does not read --backbone"),
        (("--method", "polar-cnn", "--weights", "none"), "does not read --weights"),
        (("--method", "deep-features", "--strategy", "warm-up"), "does not read --strategy"),
        (("--method", "deep-features", "--show-optimism-of-selecting-on-test"), "--show-optimism-of-selecting-on-test"),
        (("--method", "normal-limits", "--without-normal-limits"), "does not read --without-normal-limits"),
        (("--method", "normal-limits", "--resume"), "--method would go unused"),
        (("--method", "normal-limits", "--input", "rgb"), "--method normal-limits: it reads uptake"),
        (("--method", "polar-cnn", "--crop", "none"), "--method polar-cnn: it reads uptake"),
    ],
)
def test_wrong_words_are_refused_before_a_scan_is_looked_for(
    words: tuple[str, ...], said: str, edgecad_here: Callable[..., Any]
) -> None:
    done = edgecad_here("train", "not-there", *words)
    assert done.code == 2
    assert said in " ".join(done.stderr.split())


def test_the_command_says_the_method_and_only_what_it_reads() -> None:
    settings = Settings("mobilenetv2", "none", seed=3)
    told = TrainRequest(settings=settings, method="normal-limits").command
    assert told == "edgecad train data --method normal-limits --seed 3"
    told = TrainRequest(settings=settings, method="deep-features").command
    assert told == "edgecad train data --method deep-features --backbone mobilenetv2 --weights none --seed 3"


def test_those_that_export_are_four() -> None:
    assert set(EXPORTABLE) == {"normal-limits", "deep-features", "segments-logistic", "polar-cnn"}
    assert all(METHODS[name].exact_map for name in EXPORTABLE)


def test_a_method_is_trained_and_said_as_a_run(
    phantom_folder: Path, edgecad_here: Callable[..., Any], tmp_path: Path
) -> None:
    done = edgecad_here("train", phantom_folder, "--method", "normal-limits", "--folds", 3, "--seed", 1)
    assert done.code == 0, done.stderr
    run = tmp_path / "runs" / (tmp_path / "runs/latest").read_text().strip()
    assert run.name.endswith("-normal-limits")
    assert {"model.keras", "report.html", "learnt.npz"} <= {path.name for path in run.iterdir()}
    assert json.loads((run / "run.json").read_text())["method"]["name"] == "normal-limits"
    assert "fold 2, inner folds 5/5" in done.stderr
    assert "next: edgecad export" in done.stdout
    assert not list((tmp_path / "runs").glob("*.unfinished"))
