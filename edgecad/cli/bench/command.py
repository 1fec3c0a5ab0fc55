"""`edgecad bench`: how fast a model is here, by device and precision."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.completion import values
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import NamedModel
from edgecad.cli.options import RUN_PRECISIONS, JsonOption, KeyOption
from edgecad.runners.devices import AUTO, DEVICES, device_help, device_words, parse_device, unit_words
from edgecad.system.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edgecad.bench.process import Configuration
    from edgecad.bench.results import BenchOrder, Measured, Result, Scenario
    from edgecad.contract import RunPrecision
    from edgecad.doctor.machine import Machine

ALL, REFERENCE = "all", "cpu"
SCENARIOS = ("single-stream", "offline")
OPENING, OFFLINE, ANSWER = 8.0, 25.0, 0.1
"""Seconds, roughly, that one device and precision takes: to start its processes, for the offline scenario, and for one
answer."""
LONGEST = 3000
"""Seconds of one scan after another, at most."""

app = CommandApp()


@app.command()
@takes(named=NamedModel)
def bench(
    named: NamedModel,
    device: Annotated[
        str,
        typer.Option(
            metavar="DEVICE",
            help=" ".join([f"all, or one: {device_help()}.", *(row.about for row in DEVICES if row.about)]),
            autocompletion=lambda: [ALL, *device_words()],
        ),
    ] = ALL,
    precision: Annotated[
        str,
        typer.Option(
            metavar="|".join((ALL, *RUN_PRECISIONS)),
            help="all: all that the folder has, and bf16 where a device runs the fp32 file in it; or one.",
            autocompletion=values(ALL, *RUN_PRECISIONS),
        ),
    ] = ALL,
    scenario: Annotated[
        str,
        typer.Option(
            metavar="|".join((ALL, *SCENARIOS)),
            help="single-stream: one scan after another; offline: batches and folders; or all.",
            autocompletion=values(ALL, *SCENARIOS),
        ),
    ] = ALL,
    runs: Annotated[
        int | None,
        typer.Option(
            min=20,
            max=1_000_000,
            help="Scans to answer, one after another, unless --seconds end it. Default: 662, which a 99th percentile "
            "takes.",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=LONGEST,
            help="For one scan after another; 64 are answered in any case, or --runs if fewer. Default: 30; with "
            f"--runs {LONGEST}.",
            show_default=False,
        ),
    ] = None,
    key: KeyOption = None,
    save: Annotated[
        bool,
        typer.Option(
            "--save",
            help="Record what is recommended: --device auto and --precision auto take it from then on, for this model "
            "on this machine. The fastest are measured once more, in turn.",
        ),
    ] = False,
    json: JsonOption = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png", help="Write a picture: latencies, and throughput by batch.", show_default=False
        ),
    ] = None,
    max_p95_ms: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            metavar="MS",
            help="Exit with code 5 if the recommended configuration's 95th percentile, file to heat map, is above. "
            "It takes 130 answers.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Time a model on this machine: cold start, latency, throughput, memory.

    On every device and precision that works here, each in a process of its own, on a golden screen from a
    file's bytes to the heat map. Batches grow until two after each other are no faster. What does not
    work is listed with the reason. Last comes what to use: the fastest configuration that answers the
    golden samples as at export. With --save it is what auto takes, as long as model, machine and versions
    stay the same and the golden samples hold.
    """
    from msgspec.structs import replace

    from edgecad.bench.judging import error_of, recommended
    from edgecad.bench.process import results
    from edgecad.bench.results import Measured, NotMeasured
    from edgecad.cli.bench.saving import decided, lines_about, saved, subject_to_save
    from edgecad.errors import GateFailed
    from edgecad.modelfiles.folder import requested_precisions

    model, devices = named.path, _devices(device)
    order = _order(_scenarios(scenario, save), runs, seconds, max_p95_ms, key)
    precisions = requested_precisions(model, precision)
    if plot is not None:
        _check_plot(plot)
    measured = _configurations(devices, precisions, _executions(model, precisions, key), named=precision != ALL)
    subject = subject_to_save(model) if save else None
    path = None if model is None else str(model)
    if not json:
        _tell_time(measured, order, save)
    found = list(_valid(results(path, measured, order, _tell_progress)))
    if not any(isinstance(result, Measured) for result in found):
        raise error_of([result for result in found if isinstance(result, NotMeasured)])
    found = found if subject is None else decided(found, replace(order, model=path))
    best = recommended(found)
    kept = None if subject is None or best is None else saved(found, model, subject)
    if json:
        _print_json(found, order, path, None if kept is None else kept[0])
    else:
        _print(found, model, () if kept is None else lines_about(*kept))
    unwritten = None if plot is None else _save_plot([own for own in found if isinstance(own, Measured)], best, plot)
    if best is None:
        raise GateFailed("nothing here answers the golden samples as at export, so nothing is recommended; run: "
                         "edgecad verify")  # fmt: skip
    _hold(best, max_p95_ms)
    if unwritten is not None:
        raise unwritten


def _order(
    scenarios: tuple[Scenario, ...], runs: int | None, seconds: float | None, max_p95_ms: float | None, key: Path | None
) -> BenchOrder:
    """What each process is told; device and precision are still open."""
    from edgecad.bench.percentiles import runs_needed
    from edgecad.bench.results import BenchOrder

    if max_p95_ms is not None:
        _check_limit(max_p95_ms, scenarios, runs)
    if seconds is None:
        seconds = 30 if runs is None else LONGEST
    least = runs_needed(90 if max_p95_ms is None else 95)
    return BenchOrder(
        model=None,
        device="",
        precision=None,
        begun=0.0,
        scenarios=scenarios,
        runs=runs,
        seconds=seconds,
        least=least,
        key=None if key is None else str(key),
    )


def _executions(
    model: Path | None, precisions: Sequence[RunPrecision | None], key: Path | None
) -> Sequence[RunPrecision]:
    """Precisions beside those of files that a model was proven in; what cannot be used is said before anything else."""
    from edgecad.modelfiles.file import FILES, RUN_FILES, read_model

    contracts = [read_model(model, each, key).contract for each in precisions]
    return [each for each in RUN_FILES if each not in FILES and any(each in own.executions for own in contracts)]


def _configurations(
    devices: Sequence[str], precisions: Sequence[RunPrecision | None], executions: Sequence[RunPrecision], named: bool
) -> list[Configuration]:
    """What is measured, device by device; beside the files' precisions those that a device can run an fp32 file in."""
    found: list[Configuration] = []
    for device in devices:
        able = () if device == AUTO or named else parse_device(device).device.executes
        found += [(device, each) for each in (*precisions, *(own for own in executions if own in able))]
    return found


def _valid(found: Iterable[Result]) -> Iterator[Result]:
    """Results as they come; what is no valid model, or no readable file, for the reference engine is none elsewhere.

    Another engine may lack what a model needs; then it is one that does not work here.
    """
    from edgecad.bench.judging import error_of
    from edgecad.bench.results import NotMeasured
    from edgecad.errors import EdgecadError, ModelInvalid

    for result in found:
        invalid = isinstance(result, NotMeasured) and result.code in (ModelInvalid.exit_code, EdgecadError.exit_code)
        if isinstance(result, NotMeasured) and invalid and result.device == REFERENCE:
            raise error_of([result])
        yield result


def _devices(word: str) -> tuple[str, ...]:
    from edgecad.errors import UsageError

    if word == ALL:
        return unit_words()
    try:
        parse_device(word)
    except UsageError as error:
        raise UsageError(f"{error}, or {ALL}") from error
    return (word,)


def _scenarios(word: str, save: bool) -> tuple[Scenario, ...]:
    from edgecad.errors import UsageError

    chosen: tuple[Scenario, ...] = ("single-stream", "offline")
    if word != ALL:
        chosen = tuple(name for name in chosen if name == word)
    if not chosen:
        raise UsageError(
            f"no scenario is called {word!r}{did_you_mean(word, (*SCENARIOS, ALL))}; choose {', '.join(SCENARIOS)} "
            f"or {ALL}"
        )
    if save and "single-stream" not in chosen:
        raise UsageError("--save takes the fastest of one scan after another; leave --scenario out, or say "
                         "single-stream")  # fmt: skip
    return chosen


def _check_limit(max_p95_ms: float, scenarios: Sequence[Scenario], runs: int | None) -> None:
    from edgecad.bench.percentiles import runs_needed
    from edgecad.errors import UsageError

    if not 0 < max_p95_ms < float("inf"):
        raise UsageError(f"--max-p95-ms {max_p95_ms:g} limits nothing; give milliseconds, above 0")
    if "single-stream" not in scenarios:
        raise UsageError("--max-p95-ms is about one scan after another; leave --scenario out, or say single-stream")
    if runs is not None and runs < runs_needed(95):
        raise UsageError(
            f"--max-p95-ms with --runs {runs}: a 95th percentile takes {runs_needed(95)} answers; leave --runs out, or "
            "give as many"
        )


def _tell_time(measured: Sequence[Configuration], order: BenchOrder, save: bool) -> None:
    """Say beforehand what this may take: of scenarios the time limit is known, of processes about what they take."""
    from edgecad.bench.runoff import MOST, SECONDS
    from edgecad.engines.gpu import gpu_here
    from edgecad.system.clock import SOON, rough_words

    gpu = gpu_here() is not None
    here = [device for device, _ in measured if gpu or device == AUTO or not parse_device(device).device.indexed]
    stream = order.seconds if order.runs is None else min(order.seconds, ANSWER * order.runs)
    each = OPENING + stream * ("single-stream" in order.scenarios) + OFFLINE * ("offline" in order.scenarios)
    whole = len(here) * each + save * (MOST * OPENING + SECONDS)
    if whole >= SOON:
        typer.echo(f"this takes {rough_words(whole)} at most, roughly", err=True)


def _tell_progress(device: str, precision: str | None) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        typer.echo(f"measuring {device} {precision or ''}".rstrip(), err=True)


def _print_json(found: Sequence[Result], order: BenchOrder, model: str | None, saved: Path | None) -> None:
    import msgspec

    from edgecad.cli.bench.record import record_of

    typer.echo(
        msgspec.json.encode({**record_of(found, order, model), "saved": None if saved is None else str(saved)}).decode()
    )


def _print(found: Sequence[Result], model: Path | None, about_saved: Sequence[str]) -> None:
    from edgecad.bench.machine import power_mode
    from edgecad.bench.results import Measured
    from edgecad.cli.bench.text import lines_of
    from edgecad.doctor.machine import machine_here

    machine = machine_here()
    about = next((f"{own.backbone}, {own.name}, {own.stamp}" for own in found if isinstance(own, Measured)), "")
    told = [
        _processor_of(machine),
        str(machine.gpu or ""),
        power_mode(),
    ]
    typer.echo(f"{about}\n{'; '.join(filter(None, told))}\n")
    for line in lines_of(found, model, about_saved):
        typer.echo(line)


def _processor_of(machine: Machine) -> str:
    return f"{machine.processor or 'unknown processor'}, {machine.threads} threads"


def _check_plot(plot: Path) -> None:
    """Find out that there can be no picture before minutes are spent on what it would show."""
    from edgecad.errors import UsageError
    from edgecad.system.extras import require

    require("matplotlib", extra="plot")
    if plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {plot} is no name of a PNG picture; give FILE.png")
    if plot.is_dir() or not plot.parent.is_dir():
        raise UsageError(f"--plot {plot} is a folder, or in none; name a file in a folder that is there")
    if not os.access(plot if plot.exists() else plot.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(plot))


def _save_plot(here: Sequence[Measured], best: Measured | None, plot: Path) -> OSError | None:
    """Write the picture; an error waits, because a limit that does not hold has the last word."""
    from datetime import date

    from edgecad.bench.plot import save_plot
    from edgecad.doctor.machine import machine_here

    try:
        save_plot(here, best, f"{_processor_of(machine_here())}, {date.today().isoformat()}", plot)
    except OSError as error:
        typer.echo(f"edgecad: no picture was written to {plot}", err=True)
        return error
    return None


def _hold(best: Measured, max_p95_ms: float | None) -> None:
    from edgecad.bench.judging import noise
    from edgecad.errors import GateFailed

    if max_p95_ms is None or best.single_stream is None:
        return
    p95 = best.single_stream.whole.p95
    if p95 > max_p95_ms:
        which = f"{best.device} {best.precision}"
        found = f"the 95th percentile of {which} is {p95:.2f} ms, at most {max_p95_ms:g} ms wanted"
        if noise(best):
            raise GateFailed(f"{found}, on a noisy machine ({'; '.join(noise(best))}); measure again on a quiet one")
        raise GateFailed(f"{found}; choose a smaller network or a faster device")
