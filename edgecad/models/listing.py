"""The models of a folder, each with what its contract says, or with what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgecad.contract import Contract, Precision
from edgecad.errors import ModelInvalid
from edgecad.inference.loading import contract_in
from edgecad.modelfiles.file import FILES, read_model
from edgecad.modelfiles.folder import Integrity, State, check_integrity
from edgecad.system.disk import words_of


@dataclass(frozen=True)
class ListedModel:
    """One folder of a folder of models.

    Attributes:
        contract: of its fp32 file, or of the first that there is; None where the model cannot be used.
        precisions: its files.
        signature: as `edgecad.modelfiles.folder.Integrity` has it.
        fault: why the model cannot be used; None where it can.
    """

    name: str
    contract: Contract | None
    precisions: tuple[Precision, ...]
    signature: State
    fault: str | None


def list_models(models: Path, key: Path | None = None) -> tuple[ListedModel, ...]:
    """Every model of a folder, sorted by the time of its training.

    Sums are checked, and with the signer's public key signatures; nothing is run.

    Raises:
        ModelInvalid: there is no such folder.
        UsageError: the file is no key.
    """
    found = [_listed(folder, key) for folder in folders_of(models)]
    return tuple(sorted(found, key=lambda entry: (entry.contract.created if entry.contract else "", entry.name)))


def folders_of(models: Path) -> tuple[Path, ...]:
    """Folders of a folder of models, by name; hidden ones are being written.

    Raises:
        ModelInvalid: there is no such folder.
    """
    if not models.is_dir():
        raise ModelInvalid(f"there is no folder of models at {models}; run edgecad export, or give --models FOLDER")
    return tuple(sorted(path for path in models.iterdir() if path.is_dir() and not path.name.startswith(".")))


def read_contracts(folder: Path, key: Path | None = None) -> tuple[Integrity, dict[Precision, Contract]]:
    """Check the files of a model, and read the contract of each of them; fp32 first.

    Raises:
        ModelInvalid: a file is not as it was exported or signed, none is there, or one carries no contract.
        UsageError: the file is no key.
    """
    integrity = check_integrity(folder, key)
    there = [precision for precision, name in FILES.items() if (folder / name).is_file()]
    if not there:
        raise ModelInvalid(f"{folder} holds no model: none of {', '.join(FILES.values())} is there; export it again")
    return integrity, {precision: contract_in(read_model(folder, precision, key), precision)[1] for precision in there}


def _listed(folder: Path, key: Path | None) -> ListedModel:
    there = tuple(_precisions(folder))
    try:
        integrity, contracts = read_contracts(folder, key)
    except ModelInvalid as error:
        return ListedModel(folder.name, None, there, "none", str(error))
    except OSError as error:
        return ListedModel(folder.name, None, there, "none", words_of(error))
    return ListedModel(folder.name, next(iter(contracts.values())), there, integrity.signature, None)


def _precisions(folder: Path) -> Iterator[Precision]:
    return (precision for precision, name in FILES.items() if (folder / name).is_file())
