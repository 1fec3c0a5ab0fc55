"""What an export wrote and proved, and in words what it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgecad.contract import Precision
from edgecad.decision.probabilities import probabilities_of
from edgecad.errors import EdgecadError, GateFailed
from edgecad_export.candidates import Candidate
from edgecad_export.cost import work_words
from edgecad_export.modelfolder.engines import Engines
from edgecad_export.modelfolder.exported_file import ExportedFile


@dataclass(frozen=True)
class Exported:
    """What an export wrote, and what it proved."""

    folder: Path
    files: tuple[ExportedFile, ...]
    """Those that hold, fp32 first."""
    refused: tuple[Candidate, ...] = ()
    """Those that were asked for and do not hold; nothing of them was written but what was measured."""
    failed: Mapping[Precision, Exception] = field(default_factory=dict)
    """Those that could not be made, and what went wrong."""
    engines: Engines = field(default_factory=Engines)

    @property
    def golden_spread(self) -> float:
        """How far apart the golden samples' scores lie, 0 to 1; a model that learnt nothing has almost none."""
        contract = self.files[0].contract
        logits = np.array([answer.logits for answer in contract.golden])
        scores = probabilities_of(logits, contract.decision.temperature)[:, contract.positive_index]
        return float(np.ptp(scores))


def failure_of(exported: Exported) -> EdgecadError | None:
    """What of an export was refused or not built, why, what was kept, and the next step; None where all is there."""
    failures: list[EdgecadError] = [GateFailed(_refusal(exported))] if exported.refused else []
    failures += [_not_made(precision, error) for precision, error in exported.failed.items()]
    failures += exported.engines.failures
    if not failures:
        return None
    kept = ", ".join(entry.name for entry in exported.files)
    words = f"{'. '.join(map(str, failures))}; what holds is in {exported.folder}: {kept}"
    leave = [f"--{precision}" for precision in (*(own.precision for own in exported.refused), *exported.failed)]
    leave += ["--tensorrt"] if exported.engines.failures else []
    step = f"; use that, or export again without {' '.join(leave)}{allowing(exported.refused)}"
    # What nobody foresaw is said first: its code is 1.
    worst = min(failures, key=lambda failure: (failure.exit_code != EdgecadError.exit_code, -failure.exit_code))
    return type(worst)(words + step)


def _not_made(precision: Precision, error: Exception) -> EdgecadError:
    if isinstance(error, EdgecadError):  # foreseen: it says itself what was wanted
        return type(error)(f"{precision} was not made: {reason_of(error)}")
    return EdgecadError(f"{precision} was not made: {reason_of(error)}; please report it")


def reason_of(error: Exception) -> str:
    """What was raised, in one line: EdgeCAD's own words, or a converter's."""
    if isinstance(error, EdgecadError):
        return str(error)
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:160]}"


def _refusal(exported: Exported) -> str:
    said = [
        f"{candidate.precision} was refused after {_counted(len(candidate.narrowed.attempts))}: "
        f"{candidate.verdict.summary}{_nearest(candidate)}"
        for candidate in exported.refused
    ]
    return ". ".join(said)


def _nearest(candidate: Candidate) -> str:
    """How much of the attempt that came nearest was in 8 bits."""
    words = work_words(candidate.narrowed)
    return f" (the nearest, with {words})" if words else ""


def allowing(refused: Sequence[Candidate]) -> str:
    """The options that would let these files pass; nothing where no bound would."""
    missed = [(candidate.precision, miss.tolerance) for candidate in refused for miss in candidate.verdict.misses]
    if not missed or any(name is None for _, name in missed):
        return ""
    words = " ".join(dict.fromkeys(f"--tolerance {precision}.{name}=VALUE" for precision, name in missed))
    return f", or allow what you can defend: {words}"


def _counted(attempts: int) -> str:
    return f"{attempts} attempt{'' if attempts == 1 else 's'}"
