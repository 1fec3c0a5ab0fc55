"""`edgecad bench`: how fast a model is here, by device and precision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad.cli.completion import values
from edgecad.cli.options import DEVICES, PRECISIONS, JsonOption, ModelArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecad.bench.results import Measured, Result, Scenario

ALL = "all"
SCENARIOS = ("single-stream", "offline")

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def bench(
    model: ModelArgument = None,
    device: Annotated[
        str,
        typer.Option(
            help="all, or one: auto, cpu, cuda[:N] or tensorrt[:N]. A TensorRT engine that is not in the cache is "
            "built first, for minutes.",
            autocompletion=values(ALL, *DEVICES),
        ),
    ] = ALL,
    precision: Annotated[
        str,
        typer.Option(
            help="all that the folder has, or one: fp32, fp16 or int8.", autocompletion=values(ALL, *PRECISIONS)
        ),
    ] = ALL,
    scenario: Annotated[
        str,
        typer.Option(
            help="single-stream: one scan after another; offline: batches and folders; or all.",
            autocompletion=values(ALL, *SCENARIOS),
        ),
    ] = ALL,
    runs: Annotated[
        Optional[int],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
        typer.Option(
            min=20,
            help="Answers to time, one after another. Default: 662, which a 99th percentile takes, within --seconds.",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=3000, help="For one scan after another; 64 are answered in any case.")
    ] = 30,
    json: JsonOption = False,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Write a PNG: latencies, and throughput by batch.", show_default=False),
    ] = None,
    max_p95_ms: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            min=0.0,
            help="Exit with code 5 if the recommended configuration's 95th percentile, file to heat map, is above.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Time a model on this machine: cold start, latency, throughput, memory.

    On every device and precision that works here, each in a process of its own, on a golden screen from a
    file's bytes to the heat map. What does not work is listed with the reason. Last comes what to use:
    the fastest configuration that answers the golden samples as at export.
    """
    from edgecad.bench.judging import error_of, recommended
    from edgecad.bench.process import results
    from edgecad.bench.results import Measured, NotMeasured, Order
    from edgecad.errors import GateFailed, ModelInvalid
    from edgecad.modelfiles.folder import precisions_wanted
    from edgecad.runners.devices import parse_device

    devices = ("cpu", "cuda", "tensorrt") if device == ALL else (device,)
    for name in devices:
        parse_device(name)
    asked = Order(
        model=None, device="", precision=None, begun=0.0, scenarios=_scenarios(scenario, max_p95_ms), runs=runs,
        seconds=seconds,
    )  # fmt: skip
    wanted = precisions_wanted(model, precision)
    if plot is not None:
        _check_plot(plot)
    found: list[Result] = []
    for result in results(None if model is None else str(model), devices, wanted, asked):
        if isinstance(result, NotMeasured) and result.code == ModelInvalid.exit_code:
            raise ModelInvalid(result.reason)  # it will not be valid on another device
        _tell_progress(result)
        found.append(result)
    here = [result for result in found if isinstance(result, Measured)]
    if not here:
        raise error_of([result for result in found if isinstance(result, NotMeasured)])
    best = recommended(found)
    if json:
        _print_json(found, best)
    else:
        _print(found, model)
    if plot is not None:
        _save_plot(here, plot)
    if best is None:
        raise GateFailed("nothing here answers the golden samples as at export, so nothing is recommended; run: "
                         "edgecad verify")  # fmt: skip
    _hold(best, max_p95_ms)


def _scenarios(word: str, max_p95_ms: float | None) -> tuple[Scenario, ...]:
    from edgecad.errors import UsageError

    chosen: tuple[Scenario, ...] = ("single-stream", "offline")
    if word != ALL:
        chosen = tuple(name for name in chosen if name == word)
    if not chosen:
        raise UsageError(f"no scenario is called {word!r}; choose {', '.join(SCENARIOS)} or {ALL}")
    if max_p95_ms is not None and "single-stream" not in chosen:
        raise UsageError("--max-p95-ms is about one scan after another; leave --scenario out, or say single-stream")
    return chosen


def _tell_progress(result: Result) -> None:
    from edgecad.bench.results import Measured

    if sys.stderr is not None and sys.stderr.isatty():
        done = "measured" if isinstance(result, Measured) else "not here"
        typer.echo(f"{result.device} {result.precision or ''}: {done}", err=True)


def _print_json(found: Sequence[Result], best: Measured | None) -> None:
    from dataclasses import asdict

    import msgspec

    from edgecad.bench.judging import noise
    from edgecad.bench.machine import power_mode
    from edgecad.bench.results import Measured
    from edgecad.doctor.machine import machine_here

    streams = [result.single_stream for result in found if isinstance(result, Measured) and result.single_stream]
    record = {
        "schema": 2,
        "machine": asdict(machine_here()),
        "power": power_mode(),
        "configurations": found,
        "noise": sorted({reason for stream in streams for reason in noise(stream)}),
        "recommended": None if best is None else {"device": best.device, "precision": best.precision},
    }
    typer.echo(msgspec.json.encode(record).decode())


def _print(found: Sequence[Result], model: Path | None) -> None:
    from edgecad.bench.machine import power_mode
    from edgecad.bench.results import Measured
    from edgecad.cli.bench_text import lines_of
    from edgecad.doctor.machine import machine_here

    machine = machine_here()
    network = next((f"{result.backbone} on " for result in found if isinstance(result, Measured)), "")
    told = [
        f"{machine.processor or 'unknown processor'}, {machine.threads} threads",
        str(machine.gpu or ""),
        power_mode(),
    ]
    typer.echo(f"{network}{'; '.join(filter(None, told))}\n")
    for line in lines_of(found, model):
        typer.echo(line)


def _check_plot(plot: Path) -> None:
    """Find out that there can be no picture before minutes are spent on what it would show."""
    from edgecad.errors import UsageError
    from edgecad.extras import require

    require("matplotlib", extra="plot")
    if plot.is_dir() or not plot.parent.is_dir():
        raise UsageError(f"--plot {plot} is a folder, or in none; name a file in a folder that is there")


def _save_plot(here: Sequence[Measured], plot: Path) -> None:
    from datetime import date

    from edgecad.bench.plot import save_plot
    from edgecad.doctor.machine import machine_here

    machine = machine_here()
    save_plot(
        here, f"{here[0].backbone} on {machine.processor}, {machine.threads} threads, {date.today().isoformat()}", plot
    )


def _hold(best: Measured, max_p95_ms: float | None) -> None:
    from edgecad.errors import GateFailed

    if max_p95_ms is None or best.single_stream is None:
        return
    p95 = best.single_stream.whole.p95
    if p95 > max_p95_ms:
        raise GateFailed(
            f"the 95th percentile of {best.device} {best.precision} is {p95:.2f} ms, at most {max_p95_ms:g} ms wanted; "
            "choose a smaller network or a faster device"
        )
