"""Count what makes a house hard to survey; exit 1 where there is any: python tests/contract/house.py

Two classes with the same fields describe one thing twice. One name for two classes makes a reader ask which. A folder
of many files has no order, unless the README in it says what the order is.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOMS = ("edgecad", "train", "export", "benchmarks")
MOST_FILES = 15
"""Python files beside one another; `__init__.py` and `__main__.py` are not counted: they name a room."""


def faults_of(root: Path) -> list[str]:
    """Every fault below a folder that holds `ROOMS`, one line each."""
    classes = [(path, node) for room in ROOMS for path in _files(root / room) for node in _classes(path)]
    return [
        *_twins(root, classes),
        *_namesakes(root, classes),
        *(line for room in (*ROOMS, "tests") for line in _crowds(root, root / room)),
    ]


def _files(room: Path) -> list[Path]:
    return sorted(room.rglob("*.py"))


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node


def _fields(node: ast.ClassDef) -> frozenset[str]:
    """Public fields with annotations, of this class alone."""
    names = (
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    )
    return frozenset(name for name in names if not name.startswith("_"))


def _twins(root: Path, classes: list[tuple[Path, ast.ClassDef]]) -> Iterator[str]:
    by_fields: dict[frozenset[str], list[str]] = defaultdict(list)
    for path, node in classes:
        by_fields[_fields(node)].append(f"{path.relative_to(root)}:{node.name}")
    for fields, places in by_fields.items():
        if len(fields) > 1 and len(places) > 1:
            yield f"the same fields ({', '.join(sorted(fields))}): {', '.join(places)}"


def _namesakes(root: Path, classes: list[tuple[Path, ast.ClassDef]]) -> Iterator[str]:
    by_name: dict[str, list[str]] = defaultdict(list)
    for path, node in classes:
        if not node.name.startswith("_"):
            by_name[node.name].append(str(path.relative_to(root)))
    for name, places in by_name.items():
        if len(places) > 1:
            yield f"the same name {name}: {', '.join(places)}"


def _crowds(root: Path, room: Path) -> Iterator[str]:
    for folder in sorted({path.parent for path in _files(room)}):
        count = sum(path.stem not in {"__init__", "__main__"} for path in folder.glob("*.py"))
        if count > MOST_FILES and not (folder / "README.md").exists():
            yield f"{count} Python files in {folder.relative_to(root)}, and no README.md there says why"


def main() -> int:
    """Print every fault and how many there are."""
    faults = faults_of(Path(__file__).resolve().parents[2])
    for line in faults:
        print(line)  # noqa: T201
    print(f"house: {len(faults)} faults")  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
