"""The diary of a run in progress: kept beside the runs, so that a run that was killed goes on at an epoch.

STATE.npz        the stage under way: weights, best weights, the optimisers' memory, epochs
training-K.npz   a training that has ended: what it said of the patients that it held out
Each is written whole or not at all; a full disk leaves the last good one.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad.folders import write_whole
from edgecad_train.networks.network import Head
from edgecad_train.training.explain import Explained
from edgecad_train.training.stages import Epoch, StageHistory, StageState, TrainingHistory

STATE = "STATE.npz"
KEEP_EVERY_S = 15.0
"""Seconds of work that a kill may cost. An epoch that takes longer is kept at its end."""


@dataclass(frozen=True)
class HeadChoice:
    """The head and the exponent a of the learning rates that a training uses, and what a search saw of it.

    Attributes:
        trials: configurations that a search tried; 0 where the defaults were taken.
        loss: mean validation cross-entropy of the best, nats; None without a search.
    """

    head: Head
    lr_exponent: float
    trials: int = 0
    loss: float | None = None


@dataclass(frozen=True)
class FoldResult:
    """A training that has ended, as far as later ones need it."""

    history: TrainingHistory
    choice: HeadChoice
    held: Explained
    """Of the scans that it held out."""


@dataclass(frozen=True)
class _Place:
    """Where a kept state belongs."""

    training: int
    earlier: tuple[StageHistory, ...]
    epochs: tuple[Epoch, ...]
    best: int
    arrays: tuple[int, int, int]
    """How many arrays are weights, best weights and the optimisers' memory."""


class Journal:
    """Reads and writes the diary in `folder`; without a folder it remembers nothing."""

    def __init__(self, folder: Path | None, keep_every_s: float = KEEP_EVERY_S) -> None:
        self._folder = folder
        self._keep_every_s = keep_every_s
        self._kept_at = time.monotonic()

    def earlier(self, training: int) -> tuple[StageHistory, ...]:
        """Stages of a training that ended before the state that is kept."""
        place, _ = self._read(training)
        return place.earlier if place else ()

    def keeper(self, training: int, earlier: tuple[StageHistory, ...]) -> StageKeeper:
        """What keeps the stage that follows on `earlier` ones."""
        return StageKeeper(self, training, earlier)

    def result(self, training: int) -> FoldResult | None:
        """A training that has ended, if it has."""
        arrays, record = self._load(f"training-{training}.npz", _Record)
        if record is None:
            return None
        return FoldResult(record.history, record.choice, Explained(arrays[0].astype(np.float64), arrays[1]))

    def put_result(self, training: int, result: FoldResult) -> None:
        """Keep a training that has ended."""
        record = _Record(result.history, result.choice)
        self._store(f"training-{training}.npz", record, [result.held.logits, result.held.maps])

    def put_state(self, training: int, earlier: tuple[StageHistory, ...], state: StageState) -> None:
        """Keep where a stage stands."""
        counts = (len(state.weights), len(state.best_weights), len(state.optimizer))
        place = _Place(training, earlier, state.epochs, state.best, counts)
        self._store(STATE, place, [*state.weights, *state.best_weights, *state.optimizer])
        self._kept_at = time.monotonic()

    def state(self, training: int, earlier: int) -> StageState | None:
        """The kept state of the stage that follows on so many `earlier` ones, if it is this one's."""
        place, arrays = self._read(training)
        if place is None or len(place.earlier) != earlier:
            return None
        first, second, _ = place.arrays
        cuts = (arrays[:first], arrays[first : first + second], arrays[first + second :])
        weights, best, optimizer = (tuple(part) for part in cuts)
        return StageState(place.epochs, place.best, weights, best, optimizer)

    @property
    def due(self) -> bool:
        """Whether enough work was done since the last state for another one."""
        return time.monotonic() - self._kept_at >= self._keep_every_s

    def _read(self, training: int) -> tuple[_Place | None, list[NDArray[Any]]]:
        arrays, place = self._load(STATE, _Place)
        return (place, arrays) if place is not None and place.training == training else (None, [])

    def _store(self, name: str, record: object, arrays: Sequence[NDArray[Any]]) -> None:
        if self._folder is None:
            return
        buffer = io.BytesIO()
        text = np.frombuffer(msgspec.json.encode(record), np.uint8)
        named: dict[str, Any] = {f"a{number:05d}": array for number, array in enumerate(arrays)}
        np.savez(buffer, record=text, **named)
        write_whole(self._folder / name, buffer.getvalue())

    def _load(self, name: str, kind: type[Any]) -> tuple[list[NDArray[Any]], Any]:
        if self._folder is None or not (self._folder / name).is_file():
            return [], None
        path = self._folder / name
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                record = msgspec.json.decode(held["record"].tobytes(), type=kind)
                return [held[key] for key in sorted(held.files) if key != "record"], record
        except Exception as error:  # a damaged archive raises whatever it happens to hit
            seen = str(error).partition("\n")[0][:100]
            raise UsageError(f"{path} cannot be read ({seen}); remove it to begin that training anew") from error


@dataclass(frozen=True)
class _Record:
    history: TrainingHistory
    choice: HeadChoice


@dataclass(frozen=True)
class StageKeeper:
    """Keeps one stage; see `edgecad_train.training.stages.Keeper`."""

    journal: Journal
    training: int
    earlier: tuple[StageHistory, ...]

    def restore(self) -> StageState | None:
        """The state that was kept of this stage, if any."""
        return self.journal.state(self.training, len(self.earlier))

    def keep(self, state: Callable[[], StageState], last: bool) -> None:
        """Keep the state at the stage's end, and now and then before."""
        if last or self.journal.due:
            self.journal.put_state(self.training, self.earlier, state())
