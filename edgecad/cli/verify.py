"""`edgecad verify`: do the golden samples come out here as they did at export?"""

from __future__ import annotations

import shlex

import typer

from edgecad.cli.options import DeviceOption, JsonOption, ModelArgument

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def verify(model: ModelArgument = None, device: DeviceOption = "auto", json: JsonOption = False) -> None:
    """Replay a model's golden samples here.

    From a file's bytes, through decoder and device, to the heat map. Exit code 5 if an answer differs
    from the one recorded at export.
    """
    from dataclasses import asdict

    import msgspec

    from edgecad.classifier import Classifier
    from edgecad.errors import GateFailed
    from edgecad.golden import LOGIT_TOLERANCE, MAP_CORRELATION, replay

    with Classifier(model, device=device) as classifier:
        replays = replay(classifier)
        facts = classifier.facts
    failed = [entry.sample for entry in replays if not entry.holds]
    if json:
        rows = [{**asdict(entry), "holds": entry.holds} for entry in replays]
        typer.echo(msgspec.json.encode({"schema": 1, "device": facts.device, "replays": rows}).decode())
    else:
        typer.echo(f"golden samples on {facts.device} ({facts.provider}, {facts.precision}):")
        typer.echo(f"  {'sample':24s} {'logit difference':>16s} {'heat map':>9s}")
        for entry in replays:
            if entry.skipped:
                typer.echo(f"  {entry.sample:24s} not replayed: {entry.skipped}")
            else:
                word = "holds" if entry.holds else "DIFFERS"
                typer.echo(f"  {entry.sample:24s} {entry.logits:16.1e} {entry.heatmap:9.6f}  {word}")
    if failed:
        raise GateFailed(
            f"{', '.join(failed)} came out differently here (logits within {LOGIT_TOLERANCE:g}, heat map at least "
            f"{MAP_CORRELATION:g} wanted); do not use this model on this machine and device"
        )
    if not json:
        typer.echo(f"next: edgecad bench{f' {shlex.quote(str(model))}' if model else ''}")
