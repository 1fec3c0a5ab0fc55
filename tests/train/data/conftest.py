"""Class folders, CSV files and copies of phantoms, to be spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad_train.data import Case, find_cases

Rows = list[tuple[str, str, str]]


@pytest.fixture
def class_folders(tmp_path: Path) -> Callable[[list[str], list[str]], Path]:
    """Make data/CAD and data/nonCAD with empty files of these names: enough to be found."""

    def make(cad: list[str], other: list[str]) -> Path:
        for label, names in (("CAD", cad), ("nonCAD", other)):
            (tmp_path / "data" / label).mkdir(parents=True)
            for name in names:
                path = tmp_path / "data" / label / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return tmp_path / "data"

    return make


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., Path]:
    def make(rows: Rows, header: str = "path,label,patient", encoding: str = "utf-8") -> Path:
        table = tmp_path / "labels.csv"
        table.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding=encoding)
        return table

    return make


@pytest.fixture
def some(phantom_folder: Path, tmp_path: Path) -> Callable[[int], list[Case]]:
    """Copies of phantoms, five and more of each class, to be spoilt."""

    def copied(count: int) -> list[Case]:
        cases = find_cases(phantom_folder).cases
        chosen = [case for label in ("CAD", "nonCAD") for case in cases if case.label == label]
        chosen = chosen[: count // 2] + chosen[-(count - count // 2) :]
        return [Case(Path(shutil.copy(case.path, tmp_path)), case.label, case.patient) for case in chosen]

    return copied


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written on a contact sheet from now on, line by line."""
    import matplotlib.figure

    written: list[str] = []
    write = matplotlib.figure.Figure.text

    def text(self: object, x: float, y: float, said: str, **rest: object) -> object:
        written.append(said)
        return write(self, x, y, said, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(matplotlib.figure.Figure, "text", text)
    return written
