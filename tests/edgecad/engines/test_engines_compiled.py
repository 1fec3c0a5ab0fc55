"""Models that OpenVINO compiled: found again only as they were kept, for the same model, version and machine."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.cli.program import app
from edgecad.engines import compiled
from edgecad.engines.compiled import CompiledIdentity, compiled_entries, found_compiled, keep_compiled, path_of
from edgecad.errors import GateFailed, NotAvailable
from edgecad.inference.loading import load_model
from edgecad.runners import openvino as runner_module

IDENTITY = CompiledIdentity(
    model_sha256="a" * 64, library_version="2026.4.1-1", unit="CPU", machine=("cpu",), precision="f32",
    threads=2, streams=1,
)  # fmt: skip
OTHERS: dict[str, Any] = {
    "model_sha256": "b" * 64, "library_version": "2026.4.2-1", "unit": "GPU", "machine": ("another",),
    "precision": "bf16", "threads": 1, "streams": 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGECAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


def test_what_is_kept_is_found_and_is_this_users_alone(folder: Path) -> None:
    assert found_compiled(IDENTITY) is None
    keep_compiled(IDENTITY, "a model", b"compiled\nbytes")
    assert found_compiled(IDENTITY) == b"compiled\nbytes"
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(path_of(IDENTITY, folder).stat().st_mode) == 0o600


@pytest.mark.parametrize("field", OTHERS)
def test_another_model_version_or_machine_finds_nothing(field: str, folder: Path) -> None:
    assert set(OTHERS) == set(CompiledIdentity.__struct_fields__)
    keep_compiled(IDENTITY, "a model", b"compiled")
    other = msgspec.structs.replace(IDENTITY, **{field: OTHERS[field]})
    assert found_compiled(other) is None
    path_of(IDENTITY, folder).rename(path_of(other, folder))  # nor under another's name
    assert found_compiled(other) is None


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


SPOILT: dict[str, Callable[[Path], Any]] = {
    "cut": _cut,
    "one bit": _flipped,
    "empty": lambda path: path.write_bytes(b""),
    "no head": lambda path: path.write_bytes(b"\0" * 100_000),
    "others may write it": lambda path: path.chmod(0o666),
    "others may write its folder": lambda path: path.parent.chmod(0o777),
    "a link": _linked,
    "a pipe": _piped,
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "of another name": lambda path: path.write_bytes(path.read_bytes().replace(b"a" * 64, b"b" * 64)),
}


def _open_handles() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@pytest.mark.skipif(os.name != "posix", reason="permissions, links and pipes of POSIX")
@pytest.mark.parametrize("how", SPOILT)
def test_what_was_changed_is_not_used_and_is_listed_as_that(how: str, folder: Path) -> None:
    keep_compiled(IDENTITY, "a model", b"compiled")
    SPOILT[how](path_of(IDENTITY, folder))
    handles = _open_handles()
    assert found_compiled(IDENTITY) is None
    (entry,) = compiled_entries(folder)
    assert _open_handles() == handles
    assert (entry.head is None) == (how != "one bit")  # contents are not hashed to be listed


def test_the_ones_that_were_not_used_for_longest_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = [msgspec.structs.replace(IDENTITY, threads=number) for number in range(1, 5)]
    monkeypatch.setattr(compiled, "MOST_BYTES", 3500)
    for age, identity in enumerate(own[:3]):
        keep_compiled(identity, "a model", bytes(700))
        os.utime(path_of(identity, folder), (1000 + age, 1000 + age))
    found_compiled(own[0])  # is used now
    keep_compiled(own[3], "a model", bytes(700))
    kept = [identity.threads for identity in own if found_compiled(identity) is not None]
    assert kept[0] == 1
    assert kept[-1] == 4
    assert 2 not in kept


def test_what_killed_processes_left_goes_first_and_what_cannot_go_keeps_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "MOST_BYTES", 3000)
    folder.mkdir(parents=True, mode=0o700)
    left, stuck = folder / f".x{compiled.SUFFIX}.12345678.partial", folder / f"y{compiled.SUFFIX}"
    left.write_bytes(bytes(2500))
    stuck.mkdir()
    (stuck / "file").touch()
    for age, path in enumerate((left, stuck)):
        os.utime(path, (1000 + age, 1000 + age))
    keep_compiled(IDENTITY, "a model", bytes(700))
    assert not left.exists()
    assert found_compiled(IDENTITY) == bytes(700)


@pytest.mark.parametrize("name", ["two\nlines", "\x1b[2Jcleared", "n" * 50_000])
def test_whatever_a_model_is_called_it_is_kept_and_listed_on_its_lines(name: str, folder: Path) -> None:
    keep_compiled(IDENTITY, f"{name} (small, phantom data)", b"compiled")
    assert found_compiled(IDENTITY) == b"compiled"
    told = CliRunner().invoke(app, ["cache", "list"]).stdout
    lines = told.splitlines()
    (above,) = (row for row, line in enumerate(lines) if " MB, compiled " in line)
    about = lines[above + 1]
    assert about.strip().isprintable()
    assert len(about) < 300


def test_listing_reads_no_contents(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_compiled(IDENTITY, "a model", b"compiled")
    path = path_of(IDENTITY, folder)
    with path.open("r+b") as file:  # a hole of a gibibyte
        file.truncate(2**30)
    monkeypatch.setattr(compiled, "_read", None)
    (entry,) = compiled_entries(folder)
    assert "8 wanted" in (entry.fault or "")


def test_a_cache_that_cannot_be_written_costs_nothing_else(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    keep_compiled(IDENTITY, "a model", b"compiled")
    assert found_compiled(IDENTITY) is None


def test_a_model_is_compiled_once_and_proven_before_it_is_kept(
    model_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    calls: list[str] = []
    compiling = runner_module.compiled_graph

    def told(*arguments: Any) -> Any:
        calls.append("compiled")
        return compiling(*arguments)

    monkeypatch.setattr(runner_module, "compiled_graph", told)

    def refuse(_: Any) -> None:
        raise GateFailed("it answers otherwise")

    with pytest.raises(GateFailed):
        load_model(model_folder, "openvino", proof=refuse)
    assert compiled_entries(folder) == ()
    with Classifier(model_folder, "openvino") as first:
        seen = first.replay_golden()
    with Classifier(model_folder, "openvino") as again:
        assert again.replay_golden() == seen
    assert calls == ["compiled", "compiled"]
    (entry,) = compiled_entries(folder)
    assert entry.head is not None
    assert entry.head.model.startswith("tiny (")
    entry.path.write_bytes(entry.path.read_bytes()[:-9])  # cut: compiled again, and kept again
    with Classifier(model_folder, "openvino"):
        pass
    assert len(calls) == 3
    assert compiled_entries(folder)[0].fault is None


def test_what_openvino_does_not_take_is_compiled_again(model_folder: Path, folder: Path) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    with Classifier(model_folder, "openvino"):
        pass
    (entry,) = compiled_entries(folder)
    assert entry.head is not None
    for content in (b"no parts", b'[{"size":4,"hint":"f32","takes":["image"],"gives":["cam"]}]\nnone'):
        keep_compiled(entry.head.identity, "a model", content)
        with Classifier(model_folder, "openvino") as classifier:
            assert all(replay.holds for replay in classifier.replay_golden())


@pytest.mark.parametrize("error", [RuntimeError("not implemented"), ValueError("cut"), NotAvailable("in f16")])
def test_a_device_that_opens_nothing_again_runs_what_it_compiled(
    error: Exception, model_folder: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")

    def refuse(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(runner_module, "graph_from_bytes", refuse)
    with Classifier(model_folder, "openvino") as classifier:
        assert all(replay.holds for replay in classifier.replay_golden())
    assert compiled_entries(folder) == ()


def test_cache_lists_and_clears_them(folder: Path) -> None:
    def cache(*words: str) -> str:
        done = CliRunner().invoke(app, ["cache", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    keep_compiled(IDENTITY, "tiny (small, phantom data)", b"compiled")
    path_of(IDENTITY, folder).with_name("x.compiled").write_bytes(b"")
    told = cache("list")
    assert "2 compiled models in" in told
    assert "tiny (small, phantom data)\n" in told
    assert "CANNOT BE USED" in told
    rows = json.loads(cache("list", "--json"))["compiled"]
    assert [row["fault"] is None for row in rows] == [True, False]
    gone = json.loads(cache("clear", "--json"))
    assert (gone["removed"], gone["compiled_removed"]) == (0, 2)
    assert list(folder.iterdir()) == []


def test_what_cannot_be_cleared_is_said_and_keeps_no_other(folder: Path) -> None:
    for threads in (1, 2, 3):
        keep_compiled(msgspec.structs.replace(IDENTITY, threads=threads), "a model", b"compiled")
    stuck = sorted(folder.iterdir())[1]
    stuck.unlink()
    stuck.mkdir()
    (stuck / "file").touch()
    done = CliRunner().invoke(app, ["cache", "clear"])
    assert done.exit_code == 1
    assert stuck.name in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(folder.iterdir()) == [stuck]
