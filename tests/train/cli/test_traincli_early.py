"""A wrong word is told at once: before TensorFlow, scikit-learn or scipy are imported, which takes seconds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.system.installation import install_words

Run = Callable[..., Any]
SLOW = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "statsmodels", "optuna"}

MAKE = """
from pathlib import Path
for label, names in (("CAD", "abcdef"), ("nonCAD", "ghijkl")):
    Path("data", label).mkdir(parents=True)
    [Path("data", label, f"{name}.jpg").touch() for name in names]
Path("bad.csv").write_text("path,label\\na.jpg,CAD\\n")
"""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("train nowhere", 2, "no data at nowhere"),
        ("train bad.csv", 2, "no column patient"),
        ("train data --backbone vgg99", 2, "'vgg99'"),
        ("train data --strategy s7", 2, "'s7'"),
        ("train data --lr-exponent 5", 2, "3 to 4"),
        ("train data --crop 1,2", 2, "--crop '1,2'"),
        ("train data --patient-from (p", 2, "not a regular expression"),
        ("train nowhere --label-smoothing 0.5", 2, "--label-smoothing 0.5 is not within 0 to below 0.5"),
        ("train nowhere --label-smoothing -0.1", 2, "--label-smoothing -0.1"),
        ("train nowhere --label-smoothing nan", 2, "--label-smoothing nan"),
        ("train data --class-weights heavy", 2, "'none', 'balanced'"),
        ("train data --weights no.h5", 2, "no weights file at"),
        ("train data --weights bad.csv", 2, "does not hold the weights"),
        ("train data --strategy scratch --weights imagenet", 2, "would go unused"),
        ("train data --split no.json", 2, "no split at no.json"),
        ("train data --split bad.csv --folds 2", 2, "--split and --folds"),
        ("train nowhere --units 0 --search", 2, "--search finds the units of a hidden layer, and --units 0 wants none"),
        ("train nowhere --decide foo", 2, "--decide 'foo' is no rule for the threshold; give balanced, equal-costs,"),
        ("train nowhere --decide sensitivity>=1.5", 2, "sensitivity>=S, specificity>=S (S above 0 and below 1)"),
        ("train nowhere --decide sensitivity>=0", 2, "--decide 'sensitivity>=0'"),
        ("train nowhere --decide costs=0", 2, "or costs=C (C above 0)"),
        ("train nowhere --decide costs=-1", 2, "--decide 'costs=-1'"),
        ("train nowhere --decide costs=nan", 2, "--decide 'costs=nan'"),
        ("train nowhere --decide costs=inf", 2, "--decide 'costs=inf'"),
        ("train nowhere --decide=", 2, "--decide '' is no rule"),
        ("study nowhere --weights none --decide foo", 2, "--decide 'foo' is no rule for the threshold; give balanced,"),
        ("train --resume", 2, "no unfinished run in runs"),
        ("train data --check --crop 1,2", 2, "--crop '1,2'"),
        ("study nowhere --weights none", 2, "no data at nowhere"),
        ("study data --weights none --patient-from (p", 2, "not a regular expression"),
        ("study data --strategies s7", 2, "'s7'"),
        ("evaluate nothing data", 6, "no run and no model at nothing"),
        ("evaluate nothing nowhere", 2, "no data at nowhere"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_before_anything_slow_is_imported(
    edgecad: Run, words: str, code: int, told: str
) -> None:
    done = edgecad(*words.split(), before=MAKE)
    assert done.code == code, done.stderr
    assert done.stderr.startswith("edgecad: ")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert not SLOW & {name.partition(".")[0] for name in done.modules}


@pytest.mark.parametrize("command", ["train", "study", "evaluate", "phantom"])
def test_help_imports_neither_arrays_nor_networks(edgecad: Run, command: str) -> None:
    done = edgecad(command, "--help", fresh=True)
    assert done.code == 0
    assert "Usage:" in done.stdout
    assert not (SLOW | {"numpy", "cv2"}) & {name.partition(".")[0] for name in done.modules}


def test_the_look_at_imports_can_fail(edgecad: Run) -> None:
    done = edgecad("train", "nowhere", before="import scipy")
    assert SLOW & {name.partition(".")[0] for name in done.modules}


def test_a_missing_package_is_named_with_the_command_that_installs_it(edgecad: Run, tmp_path: Path) -> None:
    hidden = (
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'optuna' else find(name, package)"
    )
    done = edgecad("train", "data", before=f"{MAKE}\n{hidden}")
    assert done.code == 4
    assert done.stderr == f"edgecad: optuna is not installed, and this needs it; {install_words('train')}\n"
