"""What an engine was built for, what makes it stale, and damage that is found before it is used."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad.engines.record import (
    WITHOUT_GPU,
    Batches,
    EngineIdentity,
    EngineRecord,
    named,
    read_engine,
    read_record,
    sidecar_of,
    why_stale,
    write_engine,
)
from edgecad.errors import ModelInvalid

CONTRACT = '{"a": "contract"}'
PLAN = bytes(range(256)) * 4
IDENTITY = EngineIdentity(
    model_sha256="a" * 64,
    contract_sha256=hashlib.sha256(CONTRACT.encode()).hexdigest(),
    library="tensorrt",
    library_version="10.3.0",
    gpu="Orin (compute capability 8.7)",
    driver="540.4.0 (CUDA 12.6)",
    precision="fp16",
    batches=Batches(1, 1, 8),
)
RECORD = EngineRecord(
    identity=IDENTITY,
    engine_sha256=hashlib.sha256(PLAN).hexdigest(),
    engine_bytes=len(PLAN),
    built="2026-01-01T00:00:00+00:00",
    seconds=1.5,
    contract=CONTRACT,
    proven=True,
)


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    write_engine(tmp_path / "an.plan", PLAN, RECORD)
    return tmp_path / "an.plan"


def test_an_engine_is_read_as_it_was_written(engine: Path) -> None:
    assert read_engine(engine) == (RECORD, PLAN)
    assert read_record(engine) == RECORD
    assert sorted(path.name for path in engine.parent.iterdir()) == ["an.plan", "an.plan.json"]


def test_the_sidecar_is_json_that_anybody_can_read(engine: Path) -> None:
    told = json.loads(sidecar_of(engine).read_text())
    assert (told["schema"], told["proven"]) == (2, True)
    assert told["identity"]["gpu"] == "Orin (compute capability 8.7)"
    assert told["identity"]["batches"] == {"least": 1, "best": 1, "most": 8}
    assert told["contract"] == CONTRACT


def test_an_engine_that_is_what_is_wanted_is_not_stale() -> None:
    assert why_stale(RECORD, replace(IDENTITY)) is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("model_sha256", "b" * 64, "another model (aaaaaaaaaaaa when it was built, bbbbbbbbbbbb now)"),
        ("contract_sha256", "c" * 64, "another contract"),
        ("library", "tensorrt_rtx", "another library (tensorrt when it was built, tensorrt_rtx now)"),
        ("library_version", "10.7.0", "another version of the library (10.3.0 when it was built, 10.7.0 now)"),
        ("gpu", "none (built without a GPU)", "another GPU"),
        ("driver", None, "another driver (540.4.0 (CUDA 12.6) when it was built, none now)"),
        ("precision", "fp32", "another precision"),
        ("batches", Batches(1, 1, 4), "other batches (1 to 8, best at 1 when it was built, 1 to 4, best at 1 now)"),
    ],
)
def test_each_difference_makes_an_engine_stale_and_is_named(field: str, value: Any, words: str) -> None:
    said = why_stale(RECORD, replace(IDENTITY, **{field: value}))
    assert said is not None
    assert words in said
    assert ";" not in said, "nothing else differs"


def test_every_part_of_the_identity_is_compared() -> None:
    from edgecad.engines.record import _WORDS

    assert set(_WORDS) == set(EngineIdentity.__struct_fields__)


def test_several_differences_are_all_said() -> None:
    said = why_stale(RECORD, replace(IDENTITY, driver="560.1 (CUDA 12.6)", precision="fp32"))
    assert said is not None
    assert "driver" in said
    assert "precision" in said


@pytest.mark.parametrize("place", [0, 511, 1023])
def test_one_byte_changed_in_the_plan_is_found(engine: Path, place: int) -> None:
    content = bytearray(PLAN)
    content[place] ^= 1
    engine.write_bytes(content)
    read_record(engine)
    with pytest.raises(ModelInvalid, match=r"damaged.*edgecad cache build"):
        read_engine(engine)


@pytest.mark.parametrize("read", [read_engine, read_record])
@pytest.mark.parametrize("what", ["plan cut", "plan empty", "no plan", "no sidecar", "sidecar cut", "other schema"])
def test_what_is_not_whole_is_never_an_engine(engine: Path, what: str, read: Any) -> None:
    sidecar = sidecar_of(engine)
    text = sidecar.read_text()
    actions = {
        "plan cut": lambda: engine.write_bytes(PLAN[:-1]),
        "plan empty": lambda: engine.write_bytes(b""),
        "no plan": engine.unlink,
        "no sidecar": sidecar.unlink,
        "sidecar cut": lambda: sidecar.write_text(text[:200]),
        "other schema": lambda: sidecar.write_text(text.replace('"schema": 2', '"schema": 3')),
    }
    actions[what]()
    with pytest.raises(ModelInvalid, match="edgecad cache build"):
        read(engine)


def test_a_sidecar_of_before_engines_were_told_apart_is_not_taken_for_proven(engine: Path) -> None:
    old = {name: value for name, value in json.loads(sidecar_of(engine).read_text()).items() if name != "proven"}
    sidecar_of(engine).write_text(json.dumps({**old, "schema": 1}))
    with pytest.raises(ModelInvalid, match=r"schema 1, and 2 is wanted; build it again with `edgecad cache build`"):
        read_record(engine)


@pytest.mark.parametrize("proven", [True, False])
def test_an_engine_whose_name_says_otherwise_than_its_sidecar_is_none(tmp_path: Path, proven: bool) -> None:
    record = RECORD if proven else replace(RECORD, proven=False)
    path = write_engine(tmp_path / "an.plan", PLAN, record)
    assert path == named(tmp_path / "an.plan", proven=proven)
    other = named(tmp_path / "an.plan", proven=not proven)
    path.rename(other)
    sidecar_of(path).rename(sidecar_of(other))
    with pytest.raises(ModelInvalid, match=f"renamed: its sidecar says {'proven' if proven else 'unproven'}"):
        read_record(other)


def test_no_sidecar_calls_an_engine_proven_that_no_gpu_ran(engine: Path) -> None:
    with pytest.raises(ValueError, match="no GPU ran"):
        replace(RECORD, identity=replace(IDENTITY, gpu=WITHOUT_GPU))
    text = sidecar_of(engine).read_text()
    sidecar_of(engine).write_text(text.replace(IDENTITY.gpu, WITHOUT_GPU))
    with pytest.raises(ModelInvalid, match="no GPU ran"):
        read_record(engine)


def test_a_contract_changed_in_the_sidecar_is_found(engine: Path) -> None:
    """A threshold edited there would change what the same engine answers."""
    sidecar_of(engine).write_text(sidecar_of(engine).read_text().replace('contract\\"}', 'Contract\\"}'))
    assert json.loads(sidecar_of(engine).read_text())["contract"] != CONTRACT
    with pytest.raises(ModelInvalid, match="contract was changed"):
        read_engine(engine)


def test_writing_over_an_engine_leaves_no_moment_with_an_old_sidecar_and_a_new_plan(
    engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad.engines import record

    def stop(path: Path, content: bytes) -> None:
        if path == engine:
            path.write_bytes(content)
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(record, "write_whole", stop)
    with pytest.raises(KeyboardInterrupt):
        write_engine(engine, PLAN[::-1], RECORD)
    with pytest.raises(ModelInvalid, match="is missing"):
        read_record(engine)
