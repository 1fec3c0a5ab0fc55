"""The checkpoint of a run in progress: kept beside the runs, so that a run that was killed resumes at an epoch.

choice-K.json    head and rates of training K; K is its number, or a word where two have one number
state-K.npz      its stage under way: weights, best weights, the optimisers' memory, epochs
stage-K-S.npz    stage S of fold K, once it has ended: what was kept of each of its epochs
seconds.json     where the time went, over all sessions
Each is written whole or not at all; a full disk leaves the last good one.
"""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad.system.folders import write_whole
from edgecad_train.training.history import Epoch, StageHistory
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.stages import StageRun, StageState

Training = int | str
"""Names a training among those of a run."""
SECONDS = "seconds.json"
KEEP_EVERY_S = 15.0
"""Seconds of work that a kill may cost, beside the epoch under way. A longer epoch is kept at its end."""
DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, msgspec.DecodeError)
"""What reading a damaged archive raises."""


@dataclass(frozen=True)
class _Place:
    """Where a kept state belongs."""

    earlier: tuple[StageHistory, ...]
    epochs: tuple[Epoch, ...]
    best: int
    arrays: tuple[int, int, int]
    """How many arrays are weights, best weights and the optimisers' memory; what was seen of each epoch follows."""


class Checkpoint:
    """Reads and writes the checkpoint in `folder`; without a folder it remembers nothing."""

    def __init__(self, folder: Path | None, keep_every_s: float = KEEP_EVERY_S) -> None:
        self.folder = folder
        self._keep_every_s = keep_every_s
        self._kept_at = time.monotonic()
        self.seconds: dict[str, float] = self._json(SECONDS, dict[str, float]) or {}

    def spend(self, step: str, seconds: float) -> None:
        """Count the time that a step took; this session's is added to that of earlier ones."""
        self.seconds[step] = self.seconds.get(step, 0.0) + seconds
        self._put_json(SECONDS, self.seconds)

    def choice(self, training: Training, choose: Callable[[], HeadChoice]) -> HeadChoice:
        """Head and rates of a training: those that were chosen before, or else now."""
        kept = self._json(f"choice-{training}.json", HeadChoice)
        if kept is None:
            kept = choose()
            self._put_json(f"choice-{training}.json", kept)
        return kept

    def earlier(self, training: Training) -> tuple[StageHistory, ...]:
        """Stages of a training that ended before the state that is kept."""
        place, _ = self._load(_state_of(training), _Place, arrays=False)
        return place.earlier if place else ()

    def keeper(self, training: Training, earlier: tuple[StageHistory, ...]) -> StageKeeper:
        """What keeps the stage that follows on `earlier` ones."""
        return StageKeeper(self, training, earlier)

    def stage(self, training: Training, stage: int) -> StageRun | None:
        """A stage of a fold that has ended, if it has."""
        history, arrays = self._load(_stage_of(training, stage), StageHistory)
        return None if history is None else StageRun(history, _by_epoch(arrays, len(history.epochs)))

    def put_stage(self, training: Training, stage: int, run: StageRun) -> None:
        """Keep a stage of a fold that has ended; its last state goes."""
        self._store(_stage_of(training, stage), run.history, [array for seen in run.seen for array in seen])
        if self.folder is not None:
            (self.folder / _state_of(training)).unlink(missing_ok=True)

    def put_state(self, training: Training, earlier: tuple[StageHistory, ...], state: StageState) -> None:
        """Keep where a stage stands."""
        counts = (len(state.weights), len(state.best_weights), len(state.optimizer))
        place = _Place(earlier, state.epochs, state.best, counts)
        seen = (array for arrays in state.seen for array in arrays)
        self._store(_state_of(training), place, [*state.weights, *state.best_weights, *state.optimizer, *seen])
        self._kept_at = time.monotonic()

    def state(self, training: Training, earlier: int) -> StageState | None:
        """The kept state of the stage that follows on so many `earlier` ones, if it is this one's."""
        place, arrays = self._load(_state_of(training), _Place)
        if place is None or len(place.earlier) != earlier:
            return None
        first, second, third = place.arrays
        cuts = (arrays[:first], arrays[first : first + second], arrays[first + second : first + second + third])
        weights, best, optimizer = (tuple(part) for part in cuts)
        seen = _by_epoch(arrays[first + second + third :], len(place.epochs))
        return StageState(place.epochs, place.best, weights, best, optimizer, seen)

    @property
    def due(self) -> bool:
        """Whether enough work was done since the last state for another one."""
        return time.monotonic() - self._kept_at >= self._keep_every_s

    def _store(self, name: str, record: object, arrays: Sequence[NDArray[Any]]) -> None:
        if self.folder is None:
            return
        buffer = io.BytesIO()
        text = np.frombuffer(msgspec.json.encode(record), np.uint8)
        named: dict[str, Any] = {f"a{number:05d}": array for number, array in enumerate(arrays)}
        np.savez(buffer, record=text, **named)
        write_whole(self.folder / name, buffer.getvalue())

    def _load(self, name: str, kind: type[Any], arrays: bool = True) -> tuple[Any, list[NDArray[Any]]]:
        if self.folder is None or not (self.folder / name).is_file():
            return None, []
        path = self.folder / name
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                record = msgspec.json.decode(held["record"].tobytes(), type=kind)
                names = sorted(key for key in held.files if key != "record") if arrays else []
                return record, [held[key] for key in names]
        except DAMAGED as error:
            raise _unreadable(path, error) from error

    def _json(self, name: str, kind: Any) -> Any:
        if self.folder is None or not (self.folder / name).is_file():
            return None
        try:
            return msgspec.json.decode((self.folder / name).read_bytes(), type=kind)
        except DAMAGED as error:
            raise _unreadable(self.folder / name, error) from error

    def _put_json(self, name: str, value: object) -> None:
        if self.folder is not None:
            write_whole(self.folder / name, msgspec.json.encode(value))


def _state_of(training: Training) -> str:
    return f"state-{training}.npz"


def _unreadable(path: Path, error: Exception) -> UsageError:
    seen = str(error).partition("\n")[0][:100]
    return UsageError(f"{path} cannot be read ({seen}); remove it to begin that part anew")


def _stage_of(training: Training, stage: int) -> str:
    return f"stage-{training}-{stage}.npz"


def _by_epoch(arrays: Sequence[NDArray[Any]], epochs: int) -> tuple[tuple[NDArray[Any], ...], ...]:
    """Arrays of all epochs after one another, an epoch's together; nothing if none were kept."""
    each = len(arrays) // max(epochs, 1)
    return tuple(tuple(arrays[start : start + each]) for start in range(0, len(arrays), each)) if each else ()


@dataclass(frozen=True)
class StageKeeper:
    """Keeps one stage; see `edgecad_train.training.stages.Keeper`."""

    checkpoint: Checkpoint
    training: Training
    earlier: tuple[StageHistory, ...]

    def restore(self) -> StageState | None:
        """The state that was kept of this stage, if any."""
        return self.checkpoint.state(self.training, len(self.earlier))

    def keep(self, state: Callable[[], StageState], last: bool) -> None:
        """Keep the state at the stage's end, and now and then before."""
        if last or self.checkpoint.due:
            self.checkpoint.put_state(self.training, self.earlier, state())
