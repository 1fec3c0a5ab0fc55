"""Processes, one after the other, each with a time limit: the steps that they say, or how they died."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from edgecad.doctor.proof.record import Check, ProofStep, State
from edgecad.system.children import end_child, exit_description, lines_of, start_child
from measures.gpu.orders import CHECKS, GpuOrder

MORE = "allow more: make test-gpu MINUTES=30"


def steps_from(order: GpuOrder, deadline: float) -> Iterator[ProofStep]:
    """Carry out an order in a process of its own; a step for each of its checks, whatever happens to it.

    Args:
        deadline: on the clock of `time.monotonic`.
    """
    left = list(CHECKS[order.task])
    if time.monotonic() >= deadline:
        yield from ended(order, left, "not run", f"the time limit was reached before; {MORE}")
        return
    with tempfile.TemporaryFile() as errors:
        begun = replace(order, begun=time.perf_counter())
        process = start_child("measures.gpu.child", msgspec.json.encode(begun), errors)
        try:
            for line in lines_of(process, deadline):
                step = msgspec.json.decode(line, type=ProofStep)
                left.remove(step.check)
                yield step
            reason = f"the process {exit_description(process, errors)}" if left else ""
        except TimeoutError:
            reason = f"it did not end within the time limit; {MORE}"
        finally:
            end_child(process)
    yield from ended(order, left, "failed", reason)


def ended(order: GpuOrder, left: Sequence[Check], state: State, reason: str) -> Iterator[ProofStep]:
    """Steps for the checks that an order did not come to; the first one has the `state`, the others were not run."""
    for number, check in enumerate(check for check in CHECKS[order.task] if check in left):
        own = state if number == 0 else "not run"
        yield ProofStep(
            check=check, state=own, target=order.target, reason=" ".join(reason.split()) or "it did not say why"
        )


@contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let what is started meanwhile have these variables."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
