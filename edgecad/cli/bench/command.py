"""`edgecad bench`: how fast a model is here, by device and precision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.bench.order import (
    ALL,
    LONGEST,
    SCENARIOS,
    bench_order,
    configurations_of,
    devices_of,
    executions_of,
    scenarios_of,
)
from edgecad.cli.completion import values
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import NamedModel
from edgecad.cli.options import RUN_PRECISIONS, JsonOption, KeyOption
from edgecad.runners.devices import DEVICES, device_help, device_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edgecad.bench.results import Measured, Result

REFERENCE = "cpu"

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

    from edgecad.bench.judging import error_of, recommended, why_none
    from edgecad.bench.process import results
    from edgecad.bench.results import Measured, NotMeasured
    from edgecad.cli.bench.picture import check_plot, write_plot
    from edgecad.cli.bench.saving import decided, lines_about, saved, subject_to_save
    from edgecad.cli.bench.telling import print_json, print_results, tell_progress, tell_time
    from edgecad.errors import GateFailed
    from edgecad.modelfiles.folder import requested_precisions

    model, devices = named.path, devices_of(device)
    order = bench_order(scenarios_of(scenario, save), runs, seconds, max_p95_ms, key)
    precisions = requested_precisions(model, precision)
    if plot is not None:
        check_plot(plot)
    measured = configurations_of(devices, precisions, executions_of(model, precisions, key), named=precision != ALL)
    subject = subject_to_save(model) if save else None
    path = None if model is None else str(model)
    if not json:
        tell_time(measured, order, save)
    found = list(_valid(results(path, measured, order, tell_progress)))
    if not any(isinstance(result, Measured) for result in found):
        raise error_of([result for result in found if isinstance(result, NotMeasured)])
    found = found if subject is None else decided(found, replace(order, model=path))
    best = recommended(found)
    kept = None if subject is None or best is None else saved(found, model, subject)
    if json:
        print_json(found, order, path, None if kept is None else kept[0])
    else:
        print_results(found, model, () if kept is None else lines_about(*kept))
    unwritten = None if plot is None else write_plot([own for own in found if isinstance(own, Measured)], best, plot)
    if best is None:
        raise GateFailed(why_none(found))
    _hold(best, max_p95_ms)
    if unwritten is not None:
        raise unwritten


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
