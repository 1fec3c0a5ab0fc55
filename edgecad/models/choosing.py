"""To put another model in force: it is looked for, opened and proven first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgecad.errors import GateFailed, UsageError
from edgecad.inference.classifier import Classifier
from edgecad.modelfiles.file import FILES
from edgecad.modelfiles.pointer import in_force_before, model_in_force, put_in_force, read_history
from edgecad.models.listing import folders_of, read_contracts
from edgecad.system.folders import LATEST
from edgecad.system.words import did_you_mean


@dataclass(frozen=True)
class Chosen:
    """What was put in force.

    Attributes:
        before: the model that was in force; the same name where nothing changed, None where there was none.
        remark: why another precision than the fastest is taken here, if it is.
    """

    name: str
    before: str | None
    device: str
    precision: str
    remark: str = ""


def choose(folder: Path, command: str, device: str = "auto", key: Path | None = None) -> Chosen:
    """Check a model and let the pointer beside it name it.

    Its files are checked, the contract of each is read, and the one that a command would take on this device answers
    the golden samples.

    Args:
        command: what does it, for the history.

    Raises:
        ModelInvalid, NotAvailable, UsageError: as `edgecad.inference.classifier.Classifier`.
        GateFailed: it answers otherwise here than at export. The pointer stays as it was.
    """
    integrity, _ = read_contracts(folder, key)
    with Classifier(folder, device, key=key) as classifier:
        integrity.demand(folder / FILES[classifier.contract.precision], classifier.model_sha256)
        wrong = [entry.sample for entry in classifier.replay_golden() if not entry.holds]
        if wrong:
            raise GateFailed(
                f"{folder.name} answers {', '.join(wrong)} otherwise here than at export, so it was not put in force; "
                "run: edgecad verify"
            )
        facts, remark = classifier.facts, classifier.remark
    return Chosen(folder.name, put_in_force(folder, command), facts.device, facts.precision, remark)


def named_folder(models: Path, word: str) -> Path:
    """The folder of a model that was named, by its name or by its path.

    Raises:
        UsageError: there is none of that name, or it lies in another folder.
        ModelInvalid: there is no folder of models.
    """
    names = [folder.name for folder in folders_of(models)]
    if word in names:
        return models / word
    path = Path(word)
    if path.name != word and path.is_dir():
        if path.parent.resolve() == models.resolve():
            return models / path.name
        raise UsageError(f"{path} does not lie in {models}; give --models {path.parent}")
    if path.name == LATEST:
        raise UsageError(f"{LATEST} is the pointer itself; name a model: {_some(names)}")
    raise UsageError(f"no model of {models} is called {word!r}{did_you_mean(word, names)}; choose: {_some(names)}")


def folder_before(models: Path) -> Path:
    """The folder of the model that was in force before the one that is.

    Raises:
        UsageError: none was, or it is not there any more.
        ModelInvalid: the history cannot be read, or there is no folder of models.
    """
    names = [folder.name for folder in folders_of(models)]
    current = model_in_force(models)
    if current is None:
        raise UsageError(f"no model is in force in {models}; put one there: edgecad models use NAME ({_some(names)})")
    before = in_force_before(read_history(models), current)
    if not before:
        raise UsageError(f"nothing says which model was in force before {current}; name one: edgecad models use NAME")
    if before[-1] not in names:
        raise UsageError(
            f"{before[-1]}, which was in force before {current}, is not in {models} any more; copy it back, or name "
            f"another: edgecad models use NAME ({_some(names)})"
        )
    return models / before[-1]


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "there is none"
