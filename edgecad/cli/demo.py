"""`edgecad demo`: the whole way on phantoms, by the commands that a user would type."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from edgecad.cli.grammar import CommandApp

MARK = "EDGECAD-DEMO.txt"
NOT_AVAILABLE = 4

app = CommandApp()


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(help="The demo's own folder; a demo's folder is made anew.")] = Path(
        "edgecad-demo"
    ),
    patients: Annotated[int, typer.Option(min=20, help="Phantoms to draw.")] = 120,
) -> None:
    """The whole way on phantoms, in a few minutes.

    Draws phantoms, trains, exports, verifies, answers one scan and times it. Works in a folder of its
    own and touches no runs/latest or models/latest.

    Starts from ImageNet weights: the file in $EDGECAD_WEIGHTS, else Keras' cache, else a download;
    if it finds no weights, it says so and trains from scratch.
    """
    _fresh(out)
    _step("1 of 6: draw phantoms", "phantom", out / "data", "--patients", patients, "--seed", 7)
    _train(out)
    _step("3 of 6: export, and prove that nothing changed", "export", out / "runs/latest", "--out", out / "models")
    model, answers = out / "models/latest", out / "answers"
    _step("4 of 6: replay the golden samples", "verify", model)
    _step("5 of 6: answer a phantom of the test part", "infer", _unseen_scan(out), "--model", model, "--out", answers)
    _step("6 of 6: how long a scan takes here", "bench", model, "--device", "cpu", "--runs", 100)
    _tell_pictures(out)


def _fresh(out: Path) -> None:
    """Empty a folder that a demo made; refuse any other that is in use."""
    import shutil

    from edgecad.errors import UsageError
    from edgecad.system.folders import check_writable

    if out.exists() and not (out / MARK).is_file():
        raise UsageError(f"{out} is not a demo's folder, so nothing in it is touched; name another: edgecad demo OUT")
    check_writable(out)
    # The mark stays until all else is gone: an interrupted demo's folder is still a demo's.
    for name in ("data", "runs", "models", "answers"):
        shutil.rmtree(out / name, ignore_errors=True)
    for counted in (out / "data.openings.json", out / ".openings.lock"):
        counted.unlink(missing_ok=True)  # of the phantoms that are gone
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text("Made by `edgecad demo`, which makes this folder anew each time.\n")


def _unseen_scan(out: Path) -> Path:
    """A phantom labelled CAD that was in no part that chose anything."""
    import csv

    from edgecad.system.folders import followed

    with (followed(out / "runs/latest") / "predictions.csv").open(newline="") as file:
        chosen = next(row for row in csv.DictReader(file) if (row["part"], row["label"]) == ("test", "CAD"))
    return out / "data/CAD" / f"{chosen['patient']}.jpg"  # a phantom's patient is its file's stem


def _train(out: Path) -> None:
    # On the processor: code 4 then means that weights are missing, and never that a GPU is.
    arguments = ("train", out / "data", "--backbone", "mobilenetv2", "--out", out / "runs", "--labelled-by",
                 "a simulated reader", "--device", "cpu")  # fmt: skip
    pretrained = ("--warmup-epochs", 60, "--finetune-epochs", 15)
    given = os.environ.get("EDGECAD_WEIGHTS")
    title = "2 of 6: train in two stages"
    if given:
        _step(f"{title}, from $EDGECAD_WEIGHTS", *arguments, "--weights", given, *pretrained)
        return
    code = _run(f"{title}, from ImageNet weights", *arguments, "--weights", "imagenet", *pretrained)
    if code == 0:
        return
    if code != NOT_AVAILABLE:
        raise typer.Exit(code)
    typer.echo(
        "No ImageNet weights were found, so this demo trains FROM SCRATCH, on a few phantoms and for a few "
        "epochs. Expect a poor classifier: what follows shows the way, not what two-stage training can do."
    )
    _step(f"{title.replace('in two stages', 'from scratch')}", *arguments, "--weights", "none", "--strategy", "scratch",
          "--warmup-epochs", 18, "--folds", 0)  # fmt: skip


def _step(title: str, *arguments: object) -> None:
    code = _run(title, *arguments)
    if code:
        raise typer.Exit(code)


def _run(title: str, *arguments: object) -> int:
    words = [str(word) for word in arguments]
    typer.echo(f"\n== {title}\n$ edgecad {shlex.join(words)}")
    sys.stdout.flush()
    # The demo's model is its own and not signed: a key that a site demands is for the models of its patients.
    own = {name: value for name, value in os.environ.items() if name != "EDGECAD_KEY"}
    return subprocess.run([sys.executable, "-m", "edgecad", *words], check=False, env=own).returncode


def _tell_pictures(out: Path) -> None:
    typer.echo("\nReport and pictures of this demo (PHANTOMS: they say nothing about patients):")
    for path in sorted([*out.glob("runs/*/report.html"), *out.glob("runs/*/curves.png"), *out.glob("answers/*.png")]):
        typer.echo(f"  {path}")
    typer.echo("next: edgecad train DATA, with your own scans in DATA/CAD and DATA/nonCAD")
