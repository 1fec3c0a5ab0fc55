"""Find a model's file: from the command line, the environment, or `models/latest`; in the precision that is wanted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from edgecad.contract import CONTRACT_VERSION, METADATA_KEY, Contract, Precision, RunPrecision, contract_from_json
from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.agreement import check_agreement
from edgecad.modelfiles.bounds import bounded_content
from edgecad.modelfiles.digest import NOT_CARRIED, check_digest, hashed, said_in
from edgecad.modelfiles.metadata import metadata_of
from edgecad.modelfiles.signature import NOT_CHECKED, check_signed_file, demanded_key, is_signed
from edgecad.modelfiles.sums import check_listed, places_of
from edgecad.system.folders import LATEST, followed
from edgecad.system.words import did_you_mean

VARIABLE = "EDGECAD_MODEL"
DEFAULT = Path("models/latest")
FILES: dict[Precision, str] = {"fp32": "model.onnx", "fp16": "model.fp16.onnx", "int8": "model.int8.onnx"}
"""What a model folder calls its files."""
RUN_FILES: dict[RunPrecision, Precision] = {"fp32": "fp32", "fp16": "fp16", "int8": "int8", "bf16": "fp32"}
"""Which file is run in a precision."""
NEXT_STEP = f"run `edgecad export`, name another model, or set {VARIABLE}"


@dataclass(frozen=True)
class ModelFile:
    """The bytes of an ONNX file, read once: what is hashed is what runs.

    Attributes:
        remarks: what every record must say of the file: a signature that nobody checked, no digest.
    """

    path: Path
    content: bytes
    sha256: str
    remarks: tuple[str, ...] = ()

    @cached_property
    def contract_text(self) -> str:
        """The contract as it stands in the file.

        Raises:
            ModelInvalid: there is none.
        """
        text = metadata_of(self.content).get(METADATA_KEY)
        if text is None:
            raise ModelInvalid(
                f"{self.path.name} carries no EdgeCAD contract, so nothing says how to prepare its input or read "
                "its output; export it with `edgecad export`"
            )
        return text

    @cached_property
    def contract(self) -> Contract:
        """The contract.

        Raises:
            ModelInvalid: there is none, or it cannot be used.
        """
        return contract_from_json(self.contract_text)


AUTO: Literal["auto"] = "auto"
"""The fastest precision that a device is good at and that a folder has; `edgecad.inference.loading` chooses."""


def parse_choice(text: str) -> RunPrecision | Literal["auto"]:
    """Read `auto`, or a precision that can run."""
    try:
        return AUTO if text == AUTO else parse_run_precision(text) or AUTO
    except UsageError as error:
        raise UsageError(f"{error}, or {AUTO}") from error


def parse_precision(text: str | None) -> Precision | None:
    """Read `fp32`, `fp16` or `int8`; None where none was named."""
    for precision in FILES:
        if text == precision:
            return precision
    if text is None:
        return None
    raise UsageError(f"no precision is called {text!r}{did_you_mean(text, FILES)}; choose {', '.join(FILES)}")


def parse_run_precision(text: str | None) -> RunPrecision | None:
    """Read a precision that can run: that of a file, or `bf16`; None where none was named."""
    for precision in RUN_FILES:
        if text == precision:
            return precision
    if text is None:
        return None
    raise UsageError(f"no precision is called {text!r}{did_you_mean(text, RUN_FILES)}; choose {', '.join(RUN_FILES)}")


def file_precision(precision: RunPrecision) -> Precision:
    """Precision of the file that is read to run in a precision."""
    return RUN_FILES[precision]


def is_model(word: str) -> bool:
    """Whether a word names a model: an `.onnx` file, a model folder, or a pointer to one. Nothing is opened."""
    try:
        path = followed(Path(word))
        folder = path.is_dir() and any((path / name).is_file() for name in FILES.values())
        return folder or (path.suffix.lower() == ".onnx" and path.is_file())
    except (OSError, UsageError, ValueError):
        return False


def locate_model(given: str | os.PathLike[str] | None = None, precision: RunPrecision | None = None) -> Path:
    """Path of the `.onnx` file that is meant.

    Args:
        given: a model folder, a pointer such as `models/latest`, or an `.onnx` file. Without it,
            `$EDGECAD_MODEL`, then `models/latest`.
        precision: that shall run, which tells the file of a folder; fp32 unless it is named. A lone file is taken.

    Raises:
        ModelInvalid: nothing is there, or not in that precision.
    """
    path = Path(given or os.environ.get(VARIABLE) or DEFAULT)
    target = pointed(path)
    if (target / "model.keras").is_file():
        raise ModelInvalid(f"{path} is a training run, not a model; run `edgecad export` on it first")
    wanted = file_precision(precision or "fp32")
    file = target / FILES[wanted] if target.is_dir() else target
    if not file.is_file():
        there = [name for name, own in FILES.items() if target.is_dir() and (target / own).is_file()]
        if there:
            raise ModelInvalid(
                f"{path} has no {wanted} file, only {', '.join(there)}; name one with --precision, "
                f"or export it again{'' if wanted == 'fp32' else f' with --{wanted}'}"
            )
        where = f" (it names {target})" if target != path else ""
        raise ModelInvalid(f"no model at {path}{where}; {NEXT_STEP}")
    return file


def pointed(path: Path) -> Path:
    """Follow a pointer such as `models/latest`, and a link to one; any other path is given back.

    Raises:
        ModelInvalid: a pointer names no folder beside it.
    """
    try:
        real = path.resolve() if path.is_symlink() else path
        return followed(real) if real.name == LATEST and real.is_file() else path
    except UsageError as error:
        raise ModelInvalid(str(error)) from error
    except (RuntimeError, OSError) as error:  # links in a circle, for which each Python has its own error
        raise ModelInvalid(f"{path} cannot be followed to a model (its links end nowhere); {NEXT_STEP}") from error


def read_model(
    given: str | os.PathLike[str] | None = None, precision: RunPrecision | None = None, key: Path | None = None
) -> ModelFile:
    """Read a model's file, wherever `locate_model` finds it, and check it before anything opens it.

    All commands and the classifier read models here. Checked are, in this order: the signature, where a key is
    demanded (`edgecad.modelfiles.signature.demanded_key`); the sums beside it, if there are any; its own digest; and
    that the other precisions of its folder are of the same export.

    Args:
        key: PEM file of the public key that it must be signed with; default: `$EDGECAD_KEY`, else none is demanded.

    Raises:
        ModelInvalid: nothing is there, or one of the checks failed.
        UsageError: the key cannot be used.
        NotAvailable: the extra `sign` is not installed.
    """
    path = locate_model(given, precision)
    content = bounded_content(path)
    text = metadata_of(content).get(METADATA_KEY)
    sha256, right = hashed(content, None if text is None else _digest_in(text))
    demanded = demanded_key(key)
    if demanded is not None:
        check_signed_file(path, sha256, demanded)
    check_listed(path, sha256)
    if text is None:
        return ModelFile(path, content, sha256)  # who opens models says best what this is
    contract = said_in(text)
    _check_version(text, contract)
    check_digest(path, contract, right)
    check_agreement(path, contract, _others(path))
    return ModelFile(path, content, sha256, _remarks(path, contract, signed=demanded is not None))


def own_file(path: Path) -> ModelFile:
    """A file that this process has just made: nothing lies beside it yet, and no key is demanded."""
    content = bounded_content(path)
    return ModelFile(path, content, hashlib.sha256(content).hexdigest())


def _digest_in(text: str) -> object:
    """The digest that a contract carries; what is no contract is refused later, after the sums."""
    try:
        return said_in(text).get("digest")
    except ModelInvalid:
        return None


def _check_version(text: str, contract: Mapping[str, Any]) -> None:
    """Refuse a contract of no version that is known: it is said before anything that only a known one means."""
    if contract.get("version") not in range(1, CONTRACT_VERSION + 1):
        contract_from_json(text)


def _others(path: Path) -> list[Path]:
    """The other precisions beside a file and beside what it links to; one of a name that no export gives has none."""
    names = FILES.values()
    places = [place for place in places_of(path) if place.name in names]
    return [place.with_name(name) for place in places for name in names if name != place.name]


def _remarks(path: Path, contract: Mapping[str, Any], signed: bool) -> tuple[str, ...]:
    """What every record must say of a file whose signature was checked, or not."""
    if signed:
        return ()
    return (*([NOT_CHECKED] if is_signed(path) else []), *([NOT_CARRIED] if contract.get("digest") is None else []))
