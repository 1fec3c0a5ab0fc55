"""The house can be surveyed: one class for a thing, one thing for a name, no crowded folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from .house import MOST_FILES, ROOMS, faults_of

ROOT = Path(__file__).resolve().parents[2]


def built(root: Path, **files: str) -> Path:
    for room in (*ROOMS, "tests"):
        (root / room).mkdir()
    for name, text in files.items():
        (root / "edgecad" / f"{name}.py").write_text(text)
    return root


def test_the_house_has_no_fault() -> None:
    assert faults_of(ROOT) == []


def test_a_house_without_a_fault_has_none(tmp_path: Path) -> None:
    assert faults_of(built(tmp_path, one="class A:\n    x: int\n", two="class B:\n    x: int\n")) == []


@pytest.mark.parametrize(
    ("one", "two", "word"),
    [
        (
            "class A:\n    x: int\n    y: int\n",
            "class B:\n    y: str = ''\n    x: int = 1\n    _z: int = 0\n",
            "fields",
        ),
        ("class A:\n    x: int\n", "class A:\n    y: int\n", "name A"),
        ("class A:\n    x: int\n", "def f():\n    class A:\n        y: int\n", "name A"),
    ],
)
def test_twins_and_namesakes_are_found(tmp_path: Path, one: str, two: str, word: str) -> None:
    (line,) = faults_of(built(tmp_path, one=one, two=two))
    assert f"the same {word}" in line


def test_a_crowd_is_found_unless_its_readme_says_why(tmp_path: Path) -> None:
    root = built(tmp_path, __init__="", **{f"file_{number}": "" for number in range(MOST_FILES + 1)})
    (line,) = faults_of(root)
    assert line.startswith(f"{MOST_FILES + 1} Python files in edgecad")
    (root / "edgecad" / "README.md").write_text("They are rows of one table.")
    assert faults_of(root) == []
