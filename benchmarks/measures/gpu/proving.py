"""All steps in their order: what needs no card first, then each target, the most important steps before the others."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import msgspec
from msgspec.structs import replace

from edgecad.bench.results import Start
from edgecad.doctor.proof.figures import ColdTimes, DeviceRates
from edgecad.doctor.proof.record import CPU, Card, Check, GpuProof, ModelTried, ProofStep, ProofTarget
from edgecad.engines.cache import cache_folder, entries
from edgecad.engines.libraries import LIBRARIES
from edgecad.errors import UsageError
from edgecad.modelfiles.file import FILES
from edgecad.runners.devices import parse_device
from edgecad.system.folders import write_whole
from measures.gpu.beginning import blank_proof, card_here
from measures.gpu.building import built_of
from measures.gpu.models import PRECISIONS, model_tried, models_in, names_of
from measures.gpu.options import WITHOUT_CARD, GpuOptions
from measures.gpu.orders import GpuOrder
from measures.gpu.phantoms import draw_phantoms
from measures.gpu.running import in_environment, steps_from

NO_CARD = "no NVIDIA GPU answers here"
FAR = 63
"""A number that no card bears."""
Told = Callable[[ProofStep], None]


@dataclass(frozen=True)
class Try:
    """A model's folder, and the device and precision that it is tried on."""

    folder: Path
    target: ProofTarget


def prove(options: GpuOptions, told: Told) -> GpuProof:
    """Take all steps. The file is written after each, so that what was found stays whatever happens.

    Args:
        told: each step, as soon as it is over.

    Raises:
        UsageError: there are no models, no device of that name, or no time.
        ModelInvalid: a model cannot be used.
        OSError: the file cannot be written.
    """
    if not 0 < options.minutes < float("inf"):
        raise UsageError(f"{options.minutes:g} minutes leave no time for a step; give MINUTES above 0, 10 as a rule")
    begun, card, steps = time.monotonic(), card_here(), list[ProofStep]()
    seconds = 60 * options.minutes if card else min(60 * options.minutes, WITHOUT_CARD)
    for word in options.devices:
        parse_device(word)
    folders = models_in(options.models)
    tried = [model_tried(*pair) for pair in zip(folders, names_of(folders), strict=True)]
    blank = blank_proof(card, tried)
    proof = blank
    write_whole(options.out, msgspec.json.format(msgspec.json.encode(proof), indent=1))
    with tempfile.TemporaryDirectory() as name, in_environment({"EDGECAD_CACHE": str(Path(name) / "cache")}):
        for step in Proving(options, card, folders, tried, Path(name), begun + seconds).steps():
            steps.append(step)
            told(step)
            proof = replace(blank, steps=tuple(steps), seconds=round(time.monotonic() - begun, 1))
            write_whole(options.out, msgspec.json.format(msgspec.json.encode(proof), indent=1))
    return proof


class Proving:
    """The steps on one machine."""

    def __init__(
        self,
        options: GpuOptions,
        card: Card | None,
        folders: Sequence[Path],
        models: Sequence[ModelTried],
        place: Path,
        deadline: float,
    ) -> None:
        """Args: place: an empty folder; deadline: on the clock of `time.monotonic`, after which nothing begins."""
        self._options, self._card, self._place, self._deadline = options, card, place, deadline
        self._folders, self._models = folders, models
        self._rates: dict[str, tuple[float, float]] = {}

    def steps(self) -> Iterator[ProofStep]:
        """All of them, in their order."""
        draw_phantoms(self._place, self._options.phantoms)
        yield from self._strict()
        for folder, model in zip(self._folders, self._models, strict=True):
            yield from self._run(
                GpuOrder(task="reference", target=ProofTarget(model.folder, CPU, "fp32"), model=str(folder))
            )
        tries = list(self._tries())
        if self._card is None:
            yield from self._without_card(tries)
        else:
            yield from self._measured_rates()
        runs = [each for each in tries if self._card is not None or each.target.device == CPU]
        opened = list[Try]()
        for each in runs:
            if (yield from self._examined(each)):
                opened.append(each)
        for each in opened:
            yield self._cold(each)
        for each in opened:
            yield from self._run(self._order("batches", each))

    def _tries(self) -> Iterator[Try]:
        """Every model on every device in every precision; a device that builds engines, with every library here."""
        for folder, model in zip(self._folders, self._models, strict=True):
            for word in self._options.devices:
                libraries = [name for name in LIBRARIES if find_spec(name) is not None] or [""]
                for library in libraries if parse_device(word).device.built else [""]:
                    for precision in PRECISIONS:
                        yield Try(folder, ProofTarget(model.folder, word, precision, library))

    def _strict(self) -> Iterator[ProofStep]:
        """Devices beyond the last one; and all of them where every card is hidden from the process."""
        words = [word for word in ("cuda", "tensorrt") if word in self._options.devices] or ["cuda", "tensorrt"]
        numbers = (self._card.cards, FAR) if self._card else (0, 9)
        asked = tuple(f"{word}:{number}" for word in words for number in numbers)
        order = GpuOrder(task="strict", model=str(self._folders[0]), asked=asked)
        yield from self._run(order)
        if self._card is not None:
            with in_environment({"CUDA_VISIBLE_DEVICES": ""}):
                yield from self._run(replace(order, asked=tuple(f"{word}:0" for word in words)))

    def _without_card(self, tries: Sequence[Try]) -> Iterator[ProofStep]:
        """What can be built without a card is built; the rest says why it is not run."""
        if self._options.devices != (CPU,):
            yield ProofStep(check="rates", state="not run", reason=NO_CARD)
        for each in tries:
            if each.target.device == CPU:
                continue
            if parse_device(each.target.device).device.built:
                yield from self._run(self._order("build", each))
            yield ProofStep(check="open", state="not run", target=each.target, reason=NO_CARD)

    def _measured_rates(self) -> Iterator[ProofStep]:
        order = GpuOrder(task="rates", side=self._options.side, megabytes=self._options.megabytes)
        for step in self._run(order):
            if isinstance(step.figures, DeviceRates):
                self._rates = step.figures.reached
            yield step

    def _examined(self, each: Try) -> Generator[ProofStep, None, bool]:
        """Open and examine a target; whether it was opened is returned."""
        opened = False
        for step in self._run(self._order("examine", each)):
            if step.check == "open" and parse_device(each.target.device).device.built:
                yield self._built(each, step)
            opened = opened or (step.check == "open" and step.state == "proven")
            yield step
        return opened

    def _built(self, each: Try, opening: ProofStep) -> ProofStep:
        """The engine that opening a target left in the cache."""
        file = next(
            model.sha256.get(each.target.precision) for model in self._models if model.folder == each.target.model
        )
        for entry in entries(cache_folder()):
            found = entry.record
            if found is not None and (found.identity.model_sha256, found.identity.library) == (
                file,
                each.target.library,
            ):
                return ProofStep(
                    check="build", state="proven", target=each.target, seconds=found.seconds, figures=built_of(found)
                )
        return ProofStep(
            check="build", state="not run", target=each.target, reason=opening.reason or "no engine is kept"
        )

    def _cold(self, each: Try) -> ProofStep:
        """Processes that answer once, put together; the first that does not work stands for all."""
        starts, seconds = list[Start](), 0.0
        for _ in range(self._options.starts):
            (step,) = self._run(self._order("cold", each))
            if not isinstance(step.figures, ColdTimes):
                return step
            starts += step.figures.starts
            seconds += step.seconds
        return replace(step, seconds=seconds, figures=ColdTimes(tuple(starts)))

    def _order(self, task: str, each: Try) -> GpuOrder:
        told = {
            "task": task, "target": each.target, "model": str(each.folder), "runs": self._options.runs,
            "rounds": self._options.rounds, "batches": self._options.batches, "rates": self._rates,
        }  # fmt: skip
        return msgspec.convert(msgspec.to_builtins(told), GpuOrder)

    def _run(self, order: GpuOrder) -> Iterator[ProofStep]:
        lacks = order.target is not None and not (Path(order.model) / FILES[order.target.precision]).is_file()
        if order.target is not None and lacks and order.task != "reference":
            check: Check = "build" if order.task == "build" else "open"
            reason = f"the model has no {FILES[order.target.precision]}; export it with --{order.target.precision}"
            yield ProofStep(check=check, state="not run", target=order.target, reason=reason)
            return
        yield from steps_from(replace(order, place=str(self._place)), self._deadline)
