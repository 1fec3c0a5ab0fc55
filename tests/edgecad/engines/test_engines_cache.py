"""The user's engines: where they lie, found again, built again when anything differs, one build at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.engines.builder import Recipe, recipe_here
from edgecad.engines.cache import cache_folder, clear, engine_for, entries, name_of
from edgecad.engines.gpu import Gpu
from edgecad.engines.lock import exclusive
from edgecad.engines.record import Batches, EngineRecord, read_engine, sidecar_of
from edgecad.errors import EngineBuildFailed, GateFailed, UsageError
from edgecad.system.lock import attempted

Fake = Callable[..., Path]
A_GPU = Gpu("NVIDIA Test", "8.7", "550.54.15 (CUDA 12.4)")


def recipe(model: bytes = b"a model", **more: Any) -> Recipe:
    given: dict[str, Any] = {"contract": "{}", "precision": "fp32", "batches": Batches(), **more}
    return recipe_here(model, **given)


def builds(log: Path) -> int:
    return len(log.read_text().split()) if log.exists() else 0


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({"EDGECAD_CACHE": "/a/b", "XDG_CACHE_HOME": "/x"}, "linux", "/a/b/engines"),
        ({"XDG_CACHE_HOME": "/x"}, "linux", "/x/edgecad/engines"),
        ({"XDG_CACHE_HOME": "relative"}, "linux", "~/.cache/edgecad/engines"),
        ({"XDG_CACHE_HOME": ""}, "linux", "~/.cache/edgecad/engines"),
        ({}, "linux", "~/.cache/edgecad/engines"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/edgecad/engines"),
        ({}, "win32", "~/AppData/Local/edgecad/engines"),
    ],
)
def test_the_cache_lies_where_the_platform_keeps_caches(
    environment: dict[str, str], platform: str, expected: str
) -> None:
    assert cache_folder(environment, platform) == Path(expected).expanduser()


def test_without_a_home_the_error_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(UsageError, match="EDGECAD_CACHE"):
        cache_folder({}, "linux")


def test_the_second_time_an_engine_is_found_and_not_built(fake: Fake, tmp_path: Path) -> None:
    log = fake("tensorrt_rtx")
    first = engine_for(recipe(), tmp_path / "a" / "cache")
    second = engine_for(recipe(), tmp_path / "a" / "cache")
    assert first.rebuilt == "there was none"
    assert second.rebuilt is None
    assert (second.path, second.record, second.plan) == (first.path, first.record, first.plan)
    assert builds(log) == 1
    assert (tmp_path / "a" / "cache").stat().st_mode & 0o077 == 0, "a plan is loaded by native code: ours alone"


def test_each_part_of_the_identity_has_its_own_engine(fake: Fake, tmp_path: Path) -> None:
    log = fake("tensorrt_rtx", "tensorrt")
    recipes = [recipe(), recipe(b"another model"), recipe(contract="{ }"), recipe(batches=Batches(1, 1, 4))]
    fake("tensorrt_rtx", "tensorrt", gpu=A_GPU)
    recipes += [recipe(), recipe(library="tensorrt_rtx")]
    newer = Gpu(A_GPU.name, A_GPU.capability, "560.1 (CUDA 12.6)")
    fake("tensorrt_rtx", "tensorrt", gpu=newer)
    recipes.append(recipe())
    names = {name_of(entry.identity) for entry in recipes}
    assert len(names) == len(recipes)
    for entry in recipes[:2] * 2:
        engine_for(entry, tmp_path)
    assert builds(log) == 2


def test_an_engine_that_lies_there_unproven_is_proven_before_it_is_used(fake: Fake, tmp_path: Path) -> None:
    """As `verify` leaves one, which builds it and judges it by itself; and a failed proof leaves it as it is."""
    log = fake("tensorrt_rtx", gpu=A_GPU)
    path = engine_for(recipe(), tmp_path / "cache").path
    assert path.name.endswith(".unproven.plan")
    proven: list[bytes] = []

    def fails(record: EngineRecord, plan: bytes) -> None:
        raise GateFailed("golden samples differ")

    with pytest.raises(GateFailed):
        engine_for(recipe(), tmp_path / "cache", prove=fails)
    assert engine_for(recipe(), tmp_path / "cache").path == path
    engine = engine_for(recipe(), tmp_path / "cache", prove=lambda record, plan: proven.append(plan))
    assert proven == [engine.plan]
    assert (engine.path.name, engine.record.proven, engine.rebuilt) == (name_of(recipe().identity), True, None)
    assert not path.exists()
    assert engine_for(recipe(), tmp_path / "cache", prove=fails).record == engine.record
    assert engine_for(recipe(), tmp_path / "cache").record == engine.record
    assert builds(log) == 1


def test_a_sidecar_of_before_is_built_again_and_proven(fake: Fake, tmp_path: Path) -> None:
    log = fake("tensorrt_rtx", gpu=A_GPU)
    proven: list[bytes] = []
    for number in (1, 2):
        engine = engine_for(recipe(), tmp_path, prove=lambda record, plan: proven.append(plan))
        assert (builds(log), len(proven)) == (number, number)
        told = json.loads(sidecar_of(engine.path).read_text())
        sidecar_of(engine.path).write_text(json.dumps({**told, "schema": 1}))
    assert "has schema 1, and 2 is wanted" in (engine.rebuilt or "")


@pytest.mark.parametrize("what", ["plan", "sidecar", "no sidecar", "no plan", "another engine"])
def test_an_engine_that_is_damaged_or_another_one_is_built_again(fake: Fake, tmp_path: Path, what: str) -> None:
    log = fake("tensorrt_rtx")
    folder = tmp_path / "cache"
    path = engine_for(recipe(), folder).path
    other = engine_for(recipe(b"another model"), folder).path
    if what == "another engine":
        path.write_bytes(other.read_bytes())
        sidecar_of(path).write_bytes(sidecar_of(other).read_bytes())
    elif what.startswith("no "):
        (path if what == "no plan" else sidecar_of(path)).unlink()
    else:
        (path if what == "plan" else sidecar_of(path)).write_bytes(b"{}")
    faults = {"plan": "damaged", "sidecar": "cannot be used", "another engine": "another model"}
    again = engine_for(recipe(), folder)
    assert again.rebuilt is not None
    assert faults.get(what, "is missing") in again.rebuilt
    assert builds(log) == 3
    assert read_engine(path)[0] == again.record
    assert engine_for(recipe(), folder).rebuilt is None


def test_two_that_want_the_same_engine_build_it_once(fake: Fake, tmp_path: Path) -> None:
    log = fake("tensorrt_rtx")
    got: list[Any] = []
    waited: list[int] = []
    wanted = recipe()
    threads = [
        threading.Thread(target=lambda: got.append(engine_for(wanted, tmp_path, waiting=lambda: waited.append(1))))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert builds(log) == 1
    assert len(waited) == 2
    assert sorted(engine.rebuilt or "found" for engine in got) == ["found", "found", "there was none"]
    assert len({engine.plan for engine in got}) == 1


def test_patience_with_another_build_ends(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with exclusive(lock, 5):
        with attempted(lock) as mine:
            assert not mine
        with pytest.raises(EngineBuildFailed, match="another process"), exclusive(lock, 0.3):
            pytest.fail("two hold one lock")
    with attempted(lock) as mine:
        assert mine


def test_what_a_killed_build_left_is_swept_by_the_next_one(fake: Fake, tmp_path: Path) -> None:
    fake("tensorrt_rtx")
    path = tmp_path / name_of(recipe().identity)
    (tmp_path / f".{path.name}.abcd").mkdir()
    (tmp_path / f".{path.name}.abcd" / "model.onnx").write_bytes(b"x" * 1000)
    engine_for(recipe(), tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_failed_build_leaves_nothing_but_its_lock(fake: Fake, tmp_path: Path) -> None:
    fake("tensorrt_rtx", mood="segfault")
    with pytest.raises(EngineBuildFailed):
        engine_for(recipe(), tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]
    assert entries(tmp_path / "cache") == ()


def test_the_list_names_whole_engines_and_what_is_wrong_with_others(fake: Fake, tmp_path: Path) -> None:
    fake("tensorrt_rtx")
    whole = engine_for(recipe(), tmp_path)
    broken = engine_for(recipe(b"another model"), tmp_path).path
    lone = engine_for(recipe(b"a third model"), tmp_path).path
    broken.write_bytes(b"short")
    lone.unlink()
    (tmp_path / "a note.txt").write_text("not ours")
    found = {entry.path: entry for entry in entries(tmp_path)}
    assert set(found) == {whole.path, broken, lone}
    assert (found[whole.path].record, found[whole.path].fault) == (whole.record, None)
    assert "damaged" in (found[broken].fault or "")
    assert "is missing" in (found[lone].fault or "")
    assert entries(tmp_path / "absent") == ()


def test_clear_takes_all_but_what_is_being_built_and_what_is_not_ours(fake: Fake, tmp_path: Path) -> None:
    fake("tensorrt_rtx")
    engines = [engine_for(recipe(bytes([number])), tmp_path).path for number in range(3)]
    size = sum(path.stat().st_size + sidecar_of(path).stat().st_size for path in engines[:2])
    (tmp_path / "a note.txt").write_text("not ours")
    for path in (engines[0], engines[2]):
        (tmp_path / f".{path.name}.abc").mkdir()
        (tmp_path / f".{path.name}.json.0a1b.partial").write_bytes(b"x")
    with exclusive(tmp_path / name_of(recipe(bytes([2])).identity).replace(".plan", ".lock"), 1):
        gone = clear(tmp_path)
        kept = {path.name for path in tmp_path.iterdir()}
    assert (gone.engines, gone.size_bytes, gone.left) == (2, size, 1)
    stem = engines[2].name
    assert kept >= {stem, f"{stem}.json", f".{stem}.abc", f".{stem}.json.0a1b.partial", "a note.txt"}
    assert not any(name.lstrip(".").startswith(path.stem) for name in kept for path in engines[:2])
    clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"a note.txt", "fakes", "builds.log"}
    assert clear(tmp_path / "absent").engines == 0
