"""What an engine was built from and for, and whether it is proven: the sidecar beside its plan, and its name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from edgecad.errors import ModelInvalid
from edgecad.frozen import Frozen, SchemaNumber, json_from_struct, struct_from_json
from edgecad.system.folders import write_whole

EnginePrecision = Literal["fp32", "fp16"]
"""int8 is for CPUs: TensorRT reads the uint8 activations of our int8 files as int8, which changes values."""

WITHOUT_GPU = "none (built without a GPU)"
REBUILD = "build it again with `edgecad cache build`"
UNPROVEN = ".unproven"
"""In the name of an engine, before its ending, that has not answered the golden samples."""
SCHEMA: Literal[2] = 2


class Batches(Frozen, frozen=True):
    """How many images at once an engine takes: least, the number it is tuned for, and most."""

    least: int = 1
    best: int = 1
    most: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.best <= self.most:
            raise ValueError(f"batches {self.least}, {self.best}, {self.most}: 1 <= least <= best <= most wanted")

    def __str__(self) -> str:
        if self.least == self.most:
            return str(self.most)
        return f"{self.least} to {self.most}, best at {self.best}"


class EngineIdentity(Frozen, frozen=True, kw_only=True):
    """All that decides whether an engine fits; where anything differs it is built again."""

    model_sha256: str
    contract_sha256: str
    library: str
    library_version: str
    gpu: str
    """Name and compute capability, or `none (built without a GPU)`."""
    driver: str | None
    precision: EnginePrecision
    batches: Batches


class EngineRecord(Frozen, frozen=True, kw_only=True):
    """The sidecar of an engine."""

    schema: Literal[2] = SCHEMA
    """Changes with these fields, and with anything in the way of building that changes an engine. Of schema 1 nothing
    said whether an engine was proven, so none is used."""
    identity: EngineIdentity
    engine_sha256: str
    engine_bytes: int
    built: str
    """UTC, ISO 8601."""
    seconds: float
    """How long building took."""
    contract: str
    """The model's own contract, as text: an engine has no place for it inside."""
    proven: bool
    """Whether it answered the model's golden samples as at export, on `identity.gpu`, before it got its name."""

    def __post_init__(self) -> None:
        if self.proven and self.identity.gpu == WITHOUT_GPU:
            raise ValueError("an engine that no GPU ran is called proven")

    @property
    def proof_words(self) -> str:
        """One line for people: what proves it, or that nothing does and the next step."""
        if self.proven:
            return f"proven: its golden samples came out as at export on {self.identity.gpu}"
        why = "no GPU here, it never ran" if self.identity.gpu == WITHOUT_GPU else "no golden sample was tried on it"
        return f"UNPROVEN: {why}; build it on the machine whose GPU will run it, which tries the golden samples"


_WORDS = {
    "model_sha256": "another model",
    "contract_sha256": "another contract",
    "library": "another library",
    "library_version": "another version of the library",
    "gpu": "another GPU",
    "driver": "another driver",
    "precision": "another precision",
    "batches": "other batches",
}


def why_stale(record: EngineRecord, needed: EngineIdentity) -> str | None:
    """What keeps an engine from being used as `needed`, in words; None if nothing does."""
    built = record.identity
    differences = [
        f"{words} ({_short(getattr(built, field))} when it was built, {_short(getattr(needed, field))} now)"
        for field, words in _WORDS.items()
        if getattr(built, field) != getattr(needed, field)
    ]
    return "; ".join(differences) or None


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text[:12] if len(text) == 64 else text


def sha256_of(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sidecar_of(engine: Path) -> Path:
    """Path of an engine's sidecar."""
    return engine.with_name(f"{engine.name}.json")


def named(engine: Path, *, proven: bool) -> Path:
    """The path that an engine bears which was asked for as `engine`: `a.plan`, or `a.unproven.plan` until proven."""
    return engine if proven else engine.with_name(f"{engine.stem}{UNPROVEN}{engine.suffix}")


def write_engine(engine: Path, plan: bytes, record: EngineRecord) -> Path:
    """Write plan and sidecar, each whole, under the name that `named` gives; that path of the plan.

    The sidecar comes last: without it a plan is no engine.
    """
    path = named(engine, proven=record.proven)
    sidecar_of(path).unlink(missing_ok=True)
    write_whole(path, plan)
    write_whole(sidecar_of(path), json_from_struct(record).encode())
    return path


def read_record(engine: Path) -> EngineRecord:
    """Read an engine's sidecar alone, and look whether its plan has the right size.

    Raises:
        ModelInvalid: one of the two is missing or damaged, is of another schema, or says otherwise than the name
            whether the engine is proven.
    """
    sidecar = sidecar_of(engine)
    for path in (engine, sidecar):
        if not path.is_file():
            raise ModelInvalid(f"the engine {engine.name} is not whole: {path.name} is missing; {REBUILD}")
    record = _record(sidecar)
    if record.proven == engine.stem.endswith(UNPROVEN):
        said = "proven" if record.proven else "unproven"
        raise ModelInvalid(f"the engine {engine.name} was renamed: its sidecar says {said}; {REBUILD}")
    size = engine.stat().st_size
    if size != record.engine_bytes:
        raise ModelInvalid(
            f"the engine {engine.name} is damaged: {size} bytes, {record.engine_bytes} wanted; {REBUILD}"
        )
    return record


def _record(sidecar: Path) -> EngineRecord:
    text, what = sidecar.read_bytes(), f"the sidecar {sidecar.name}"
    schema = struct_from_json(text, SchemaNumber, what, REBUILD).schema
    if schema != SCHEMA:
        raise ModelInvalid(f"{what} has schema {schema}, and {SCHEMA} is wanted; {REBUILD}")
    return struct_from_json(text, EngineRecord, what, REBUILD)


def read_engine(engine: Path) -> tuple[EngineRecord, bytes]:
    """Read sidecar and plan, and check both against their hashes. See `why_stale` for whether it fits.

    Raises:
        ModelInvalid: something is missing or damaged.
    """
    record = read_record(engine)
    plan = engine.read_bytes()
    if sha256_of(plan) != record.engine_sha256:
        raise ModelInvalid(f"the engine {engine.name} is damaged: its content has another hash; {REBUILD}")
    if sha256_of(record.contract.encode()) != record.identity.contract_sha256:
        raise ModelInvalid(f"the engine {engine.name} has a sidecar whose contract was changed; {REBUILD}")
    return record, plan
