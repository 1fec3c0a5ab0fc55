"""`edgecad bench`: how long a scan takes here, stage by stage."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from edgecad.cli.options import DeviceOption, JsonOption, ModelArgument, PrecisionChoice

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def bench(
    model: ModelArgument = None,
    device: DeviceOption = "auto",
    precision: PrecisionChoice = "auto",
    runs: Annotated[int, typer.Option(min=20, help="Warm runs to time.")] = 200,
    json: JsonOption = False,
) -> None:
    """Time one scan after another, stage by stage.

    From a file's bytes to the heat map, warm, on a golden screen.
    """
    import time
    from dataclasses import asdict

    import msgspec

    begun = time.perf_counter()
    from edgecad.bench import measure_latency
    from edgecad.classifier import Classifier
    from edgecad.modelfiles.file import parse_choice

    with Classifier(model, device=device, precision=parse_choice(precision)) as classifier:
        opened = 1000 * (time.perf_counter() - begun)
        rows = measure_latency(classifier, runs)
        facts, contract = classifier.facts, classifier.contract
    if classifier.remark:
        typer.echo(f"warning: {classifier.remark}", err=True)
    if json:
        record = {
            "schema": 1,
            "open_ms": opened,
            "stages": [asdict(row) for row in rows],
            "facts": asdict(facts),
        }
        typer.echo(msgspec.json.encode(record).decode())
        return
    typer.echo(
        f"{contract.backbone}, {facts.device} ({facts.provider}, {facts.precision}, {facts.threads} threads), "
        f"{runs} warm runs; opening took {opened:.0f} ms"
    )
    typer.echo(f"  {'milliseconds':12s} {'p50':>8s} {'p90':>8s} {'p95':>8s} {'p99':>8s}")
    for row in rows:
        typer.echo(f"  {row.stage:12s} {row.p50:8.2f} {row.p90:8.2f} {row.p95:8.2f} {row.p99:8.2f}")
    typer.echo(f"next: edgecad infer SCAN{f' --model {shlex.quote(str(model))}' if model else ''}")
