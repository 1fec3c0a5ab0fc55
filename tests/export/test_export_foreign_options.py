"""Options for a model of someone else: what must be said is asked for in one line, the rest has defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgecad.errors import UsageError
from edgecad_export.cli.external_options import about_from_options, is_foreign, refuse_foreign_options
from edgecad_export.external.about import ForeignModel

NOTHING: dict[str, Any] = dict.fromkeys(
    (
        "classes",
        "positive",
        "scaling",
        "unit",
        "threshold",
        "crop",
        "size",
        "images",
        "origin",
        "labelled_by",
        "prevalence",
        "intended_use",
        "name",
    )
)
LEAST = {**NOTHING, "classes": "CAD, nonCAD", "positive": "CAD", "scaling": "tf"}


def test_three_options_are_enough() -> None:
    assert about_from_options(**LEAST) == ForeignModel(("CAD", "nonCAD"), "CAD", "tf", threshold=0.5, crop="polar-map")


def test_each_option_reaches_its_place() -> None:
    about = about_from_options(
        classes="a,b",
        positive="b",
        scaling="none",
        unit="a",
        threshold=0.2,
        crop="none",
        size=96,
        images=Path("scans"),
        origin="mixed",
        labelled_by="one reader",
        prevalence=0.4,
        intended_use="A study.",
        name="theirs",
    )
    assert about == ForeignModel(
        ("a", "b"), "b", "none", "a", 0.2, "none", 96, Path("scans"), "mixed", "one reader", 0.4, "A study.", "theirs"
    )


@pytest.mark.parametrize("option", ["classes", "positive", "scaling"])
def test_what_nobody_can_guess_is_asked_for(option: str) -> None:
    with pytest.raises(UsageError, match=rf"add --{option} \w") as told:
        about_from_options(**{**LEAST, option: None})
    others = {"classes", "positive", "scaling"} - {option}
    assert not any(f"--{other}" in str(told.value) for other in others)


def test_a_run_folder_needs_none_of_them() -> None:
    refuse_foreign_options(Path("runs/a"), *NOTHING.values())
    with pytest.raises(UsageError, match=r"runs/a is a run folder.*leave out --classes"):
        refuse_foreign_options(Path("runs/a"), None, "CAD")


def test_what_is_named_tells_a_run_from_a_model(tmp_path: Path) -> None:
    run, saved = tmp_path / "a-run.h5", tmp_path / "saved"
    for folder, name in ((run, "contract.json"), (saved, "saved_model.pb")):
        folder.mkdir()
        (folder / name).write_text("{}")
    assert not is_foreign(run)
    assert not is_foreign(tmp_path)
    assert is_foreign(saved)
    assert is_foreign(tmp_path / "not-there.keras")
    assert is_foreign(tmp_path / "MODEL.H5")
