"""The process that carries out one order: a card's driver may crash or hang, and then only this process ends.

What it leaves on the card goes with it, so targets do not share memory.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from edgecad import Classifier
from edgecad.answer.prediction import Prediction
from edgecad.bench.results import Start
from edgecad.doctor.proof.figures import BatchTimes, ColdTimes, DeviceRates, Figures, Opened, Reference
from edgecad.doctor.proof.record import Check, ProofStep, ProofTarget, State
from edgecad.engines.libraries import LIBRARIES
from edgecad.engines.record import Batches
from edgecad.errors import DeviceFailed, EdgecadError, EngineBuildFailed, NotAvailable
from edgecad.golden import golden_samples
from edgecad.inference.loading import load_model
from edgecad.inference.replaying import prove_golden
from edgecad.system.children import end_with_parent, own_channel
from measures.gpu.building import built_here
from measures.gpu.examining import alike_of, golden_of, parity_of, reference_file, wanted_of
from measures.gpu.options import MOST
from measures.gpu.orders import CHECKS, GpuOrder
from measures.gpu.phantoms import answers_of, keep_reference, reference_in
from measures.gpu.strict import refusals_of
from measures.gpu.timing import SCAN, batches_of, latency_of, rates_of, works_in

Work = Callable[[], tuple[Figures, str]]
"""Gives figures, and what is wrong; empty if nothing is."""


def main(argument: str) -> None:
    """Carry out an `GpuOrder` given as JSON; each step is a line on stdout as soon as it is over."""
    imported = time.perf_counter()
    channel = own_channel()
    end_with_parent()
    for step in steps_of(msgspec.json.decode(argument, type=GpuOrder), imported):
        channel.write(msgspec.json.encode(step) + b"\n")
    # Everything is said; what a driver's destructors do now cannot matter any more.
    os._exit(0)


def steps_of(order: GpuOrder, imported: float) -> Iterator[ProofStep]:
    """The steps of an order. One that stops the others is followed by them, not run, with its reason.

    Args:
        imported: when this process had its modules, on the clock of `time.perf_counter`.
    """
    target, left = order.target, list(CHECKS[order.task])
    _hide_other_libraries(target)
    for check, work in _works(order, imported):
        step = _step(check, target, work)
        left.remove(check)
        yield step
        if step.figures is None:
            because = f"{check} {'failed' if step.state == 'failed' else 'was not run'}: {step.reason}"
            yield from (ProofStep(check=each, state="not run", target=target, reason=because) for each in left)
            return


def _hide_other_libraries(target: ProofTarget | None) -> None:
    """Leave one library that builds engines, so that the way of `--device tensorrt` itself takes it."""
    if target is not None and target.library:
        for module in LIBRARIES:
            if module != target.library:
                sys.modules[module] = None  # type: ignore[assignment]  # what Python takes for a module that is not here


def _works(order: GpuOrder, imported: float) -> Iterator[tuple[Check, Work]]:
    model, place = Path(order.model), Path(order.place)
    if order.task == "strict":
        yield "strict", lambda: refusals_of(model, order.asked)
    elif order.task == "rates":
        yield "rates", lambda: (_rates(order), "")
    elif order.target is None:
        raise ValueError(f"{order.task} without a target")
    elif order.task == "reference":
        yield "reference", lambda: _reference(order)
    elif order.task == "build":
        yield "build", lambda: (built_here(model, _target(order)), "")
    elif order.task == "cold":
        yield "cold", lambda: (_cold(order, imported), "")
    elif order.task == "batches":
        yield "batches", lambda: _batches(order)
    else:
        yield from _examined(order, model, place)


def _examined(order: GpuOrder, model: Path, place: Path) -> Iterator[tuple[Check, Work]]:
    """What one opened target is asked, one after the other; the opening is a step of its own."""
    target, opened = _target(order), list[Classifier]()

    def opening() -> tuple[Figures, str]:
        opened.append(Classifier(model, target.device, precision=target.precision, replay="never"))
        facts = opened[0].facts
        return Opened(facts.device, facts.provider), ""

    yield "open", opening
    (classifier,) = opened
    answers = list[Prediction]()

    def parity() -> tuple[Figures, str]:
        reference = reference_in(reference_file(place, target.model))
        answers.extend(answers_of(classifier, place))
        return parity_of(answers, reference, wanted_of(classifier.contract))

    yield "golden", lambda: golden_of(classifier)
    yield "parity", parity
    yield "alike", lambda: alike_of(classifier, answers)
    yield "latency", lambda: (latency_of(classifier, order.runs), "")


def _reference(order: GpuOrder) -> tuple[Figures, str]:
    target, place = _target(order), Path(order.place)
    with Classifier(order.model, "cpu", precision="fp32", replay="never") as classifier:
        wrong = golden_of(classifier)[1]
        answers = answers_of(classifier, place)
        keep_reference(answers, reference_file(place, target.model))
    scores = [answer.probability for answer in answers]
    return Reference(len(answers), max(scores) - min(scores)), wrong


def _cold(order: GpuOrder, imported: float) -> ColdTimes:
    target, scan = _target(order), golden_samples()[SCAN]
    opening = time.perf_counter()
    classifier = Classifier(order.model, target.device, precision=target.precision, replay="never")
    opened = time.perf_counter()
    classifier.replay(scan)
    answered = time.perf_counter()
    start = Start(
        process=1000 * (imported - order.begun), open=1000 * (opened - opening), first=1000 * (answered - opened)
    )
    return ColdTimes((start,))


def _batches(order: GpuOrder) -> tuple[Figures, str]:
    target = _target(order)
    sizes = Batches(1, min(16, max(order.batches)), max(MOST, *order.batches))
    loaded = load_model(order.model, target.device, target.precision, prove_golden, batches=sizes)
    rates = rates_of(order.rates, target.precision)
    works = [] if rates is None else works_in(Path(order.model))
    with Classifier(loaded, replay="never") as classifier:
        rows = batches_of(classifier, order.batches, order.rounds, works, rates)
    # A small card has not the memory for all of them, which says nothing against the others.
    return BatchTimes(rows), "" if any(row.network for row in rows) else rows[0].reason


def _rates(order: GpuOrder) -> DeviceRates:
    from measures.gpu.rates import device_rates

    found = device_rates("cuda" if order.target is None else order.target.device, order.side, order.megabytes)
    return DeviceRates({name: (rates.operations, rates.bytes) for name, rates in found.items()})


def _target(order: GpuOrder) -> ProofTarget:
    if order.target is None:
        raise ValueError(f"{order.task} without a target")
    return order.target


def _step(check: Check, target: ProofTarget | None, work: Work) -> ProofStep:
    begun = time.perf_counter()
    figures: Figures | None = None
    try:
        figures, wrong = work()
        state: State = "failed" if wrong else "proven"
    except Exception as error:  # a mistake of ours or of a library is a step that failed, and no end of the program
        wrong, state = _words(error), "not run" if check == "rates" else _state(error)
    return ProofStep(
        check=check, state=state, target=target, reason=wrong, seconds=time.perf_counter() - begun, figures=figures
    )


def _state(error: Exception) -> State:
    """What is not here was not run; what was here and gave up, or answered wrongly, failed."""
    missing = isinstance(error, NotAvailable | EngineBuildFailed | ModuleNotFoundError)
    return "not run" if missing and not isinstance(error, DeviceFailed) else "failed"


def _words(error: Exception) -> str:
    text = str(error) if isinstance(error, EdgecadError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500] or type(error).__name__


if __name__ == "__main__":
    main(sys.argv[1])
