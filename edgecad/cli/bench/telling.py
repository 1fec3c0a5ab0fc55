"""What `edgecad bench` prints: beforehand, meanwhile and at the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import typer

from edgecad.bench.machine import power_mode
from edgecad.bench.process import Configuration
from edgecad.bench.results import BenchOrder, Measured, Result
from edgecad.bench.runoff import MOST, SECONDS
from edgecad.cli.bench.record import record_of
from edgecad.cli.bench.text import lines_of, processor_words
from edgecad.doctor.machine import machine_here
from edgecad.engines.gpu import gpu_here
from edgecad.runners.devices import AUTO, parse_device
from edgecad.system.clock import SOON, rough_words

OPENING, OFFLINE, ANSWER = 8.0, 25.0, 0.1
"""Seconds, roughly, that one device and precision takes: to start its processes, for the offline scenario, and for one
answer."""


def tell_time(measured: Sequence[Configuration], order: BenchOrder, save: bool) -> None:
    """Say beforehand what this may take: of scenarios the time limit is known, of processes about what they take."""
    gpu = gpu_here() is not None
    here = [device for device, _ in measured if gpu or device == AUTO or not parse_device(device).device.indexed]
    stream = order.seconds if order.runs is None else min(order.seconds, ANSWER * order.runs)
    each = OPENING + stream * ("single-stream" in order.scenarios) + OFFLINE * ("offline" in order.scenarios)
    whole = len(here) * each + save * (MOST * OPENING + SECONDS)
    if whole >= SOON:
        typer.echo(f"this takes {rough_words(whole)} at most, roughly", err=True)


def tell_progress(device: str, precision: str | None) -> None:
    """Say what is measured now, to who looks at a terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        typer.echo(f"measuring {device} {precision or ''}".rstrip(), err=True)


def print_json(found: Sequence[Result], order: BenchOrder, model: str | None, saved: Path | None) -> None:
    """Print all as one JSON object; `saved` is the file of what was recorded."""
    typer.echo(
        msgspec.json.encode({**record_of(found, order, model), "saved": None if saved is None else str(saved)}).decode()
    )


def print_results(found: Sequence[Result], model: Path | None, about_saved: Sequence[str]) -> None:
    """Print the model, the machine, and what was found; `about_saved` as for `lines_of`."""
    machine = machine_here()
    about = next((f"{own.backbone}, {own.name}, {own.stamp}" for own in found if isinstance(own, Measured)), "")
    told = [
        processor_words(machine),
        str(machine.gpu or ""),
        power_mode(),
    ]
    typer.echo(f"{about}\n{'; '.join(filter(None, told))}\n")
    for line in lines_of(found, model, about_saved):
        typer.echo(line)
