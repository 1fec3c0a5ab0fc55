"""The pointer of a folder of models and its history: whatever changed it, one step back is the model before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles import pointer as pointer_module
from edgecad.modelfiles.pointer import (
    DAMAGED,
    HISTORY,
    MOST_CHANGES,
    ROLLBACK,
    ModelPointer,
    PointerChange,
    in_force_before,
    model_in_force,
    pointer_of,
    put_in_force,
    read_history,
)
from edgecad.system.folders import point_latest

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / "models" / name).mkdir(parents=True)
    return tmp_path / "models"


@dataclass
class Draw:
    rng: np.random.Generator

    def choice(self, words: Sequence[str]) -> str:
        return words[self.rng.integers(len(words))]


def before(models: Path) -> tuple[str, ...]:
    current = model_in_force(models)
    assert current is not None
    return in_force_before(read_history(models), current)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_was_done_a_rollback_goes_one_step_back(models: Path, seed: int) -> None:
    """Chosen, exported, changed by hand, taken back, killed between history and pointer: held against a plain stack."""
    draw, stack = Draw(np.random.default_rng(seed)), list[str]()
    for _ in range(25):
        what = draw.choice(("use", "use", "export", "hand", "back", "back", "killed"))
        name = draw.choice(NAMES)
        if what == "back" and len(stack) > 1:
            assert put_in_force(models / stack[-2], ROLLBACK) == stack[-1]
            stack.pop()
        elif what == "hand" and stack and read_history(models)[-1].after == stack[-1]:
            last = read_history(models)[-1]
            # Back to what the last entry comes from looks as if that entry had not come about.
            name = draw.choice([each for each in NAMES if each not in (stack[-1], last.before)])
            point_latest(models / name)
            assert before(models) == tuple(stack)
            after = draw.choice([each for each in NAMES if each != name])
            assert put_in_force(models / after, "edgecad models use") == name
            stack += [name, after]
        elif what == "killed" and stack:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(pointer_module, "point_latest", lambda folder: None)
                put_in_force(models / name, "edgecad models use")
        elif what in ("use", "export"):
            put_in_force(models / name, f"edgecad {what}")
            if name != (stack[-1] if stack else None):
                stack.append(name)
        if stack:
            assert model_in_force(models) == stack[-1]
            assert before(models) == tuple(stack[:-1]), what


def test_the_history_says_when_from_what_to_what_and_by_what(models: Path) -> None:
    assert put_in_force(models / "a", "edgecad export") is None
    assert put_in_force(models / "b", "edgecad models use") == "a"
    written = json.loads((models / HISTORY).read_text())
    assert written["schema"] == 1
    rows = [(row["from"], row["to"], row["command"]) for row in written["changes"]]
    assert rows == [(None, "a", "edgecad export"), ("a", "b", "edgecad models use")]
    assert all(row["time"].endswith("+00:00") for row in written["changes"])
    assert (models / "latest").read_text() == "b\n"


def test_what_is_in_force_already_is_no_change(models: Path) -> None:
    for _ in range(3):
        put_in_force(models / "a", "edgecad models use")
    assert len(read_history(models)) == 1


def test_a_history_does_not_grow_for_ever(models: Path) -> None:
    rows = [
        PointerChange(time="t", before=NAMES[number % 2], after=NAMES[1 - number % 2], command="edgecad export")
        for number in range(MOST_CHANGES)
    ]
    (models / HISTORY).write_text(
        json.dumps({"schema": 1, "changes": [{"time": r.time, "from": r.before, "to": r.after, "command": r.command}
                                             for r in rows]})
    )  # fmt: skip
    point_latest(models / rows[-1].after)
    put_in_force(models / "c", "edgecad export")
    kept = read_history(models)
    assert (len(kept), kept[-1].after) == (MOST_CHANGES, "c")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"schema": 2, "changes": []}', b'{"schema": 1, "changes": [{}]}', b" " * 2**23],
)
def test_a_history_that_cannot_be_read_is_said_and_put_aside_by_the_next_change(models: Path, content: bytes) -> None:
    put_in_force(models / "a", "edgecad export")
    (models / HISTORY).write_bytes(content)
    with pytest.raises(ModelInvalid, match="edgecad models use NAME"):
        read_history(models)
    put_in_force(models / "b", "edgecad models use")
    assert [row.after for row in read_history(models)] == ["b"]
    assert (models / DAMAGED).read_bytes() == content
    assert before(models) == ("a",)


@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.symlink_to("a"), lambda path: path.write_text("../a\n")]
)
def test_a_latest_that_is_no_pointer_is_refused_and_left_alone(models: Path, make: Callable[[Path], object]) -> None:
    make(models / "latest")
    with pytest.raises(UsageError, match="latest"):
        put_in_force(models / "b", "edgecad models use")
    assert not (models / HISTORY).exists()


def test_processes_that_change_it_at_once_come_one_after_another(models: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from edgecad.modelfiles.pointer import put_in_force\n"
        "for number in range(10): put_in_force(Path(sys.argv[1]) / 'abcd'[(number + int(sys.argv[2])) % 4], 'test')"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, models, str(number)]) for number in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    history = read_history(models)
    assert all(one.after == two.before for one, two in pairwise(history))
    assert history[-1].after == model_in_force(models)


def test_an_open_model_knows_whether_another_is_in_force(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_force(models / "a", "edgecad export")
    monkeypatch.chdir(models.parent)
    opened = pointer_of("models/latest", models / "a" / "model.onnx")
    assert opened == pointer_of(None, models / "a" / "model.onnx") == ModelPointer(models / "latest", "a")
    assert opened.other() is None
    monkeypatch.chdir("/")
    put_in_force(models / "b", "edgecad models use")
    assert opened.other() == "b"
    put_in_force(models / "a", ROLLBACK)
    assert opened.other() is None
    (models / "latest").write_bytes(b"\0")
    assert opened.other() is None
    (models / "latest").unlink()
    assert opened.other() is None


def test_a_model_that_was_named_itself_has_no_pointer(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in_force(models / "a", "edgecad export")
    file = models / "a" / "model.onnx"
    assert pointer_of(models / "a", file) is None
    assert pointer_of(file, file) is None
    monkeypatch.setenv("EDGECAD_MODEL", str(models / "a"))
    assert pointer_of(None, file) is None
    monkeypatch.setenv("EDGECAD_MODEL", str(models / "latest"))
    assert pointer_of(None, file) == ModelPointer(models / "latest", "a")


def _hole(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 20 * 10**9)


ODD: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a hole": _hole,
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a pipe": lambda path: os.mkfifo(path),
}


@pytest.mark.skipif(os.name == "nt", reason="pipes and links of this kind are not of Windows")
@pytest.mark.parametrize("what", ODD)
def test_a_history_that_is_no_readable_file_is_said_and_put_aside(what: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    ODD[what](tmp_path / HISTORY)
    with pytest.raises(ModelInvalid, match="cannot be read as a history of the pointer"):
        read_history(tmp_path)
    put_in_force(tmp_path / "one", "a test")
    assert [change.after for change in read_history(tmp_path)] == ["one"]
    assert os.path.lexists(tmp_path / DAMAGED)
