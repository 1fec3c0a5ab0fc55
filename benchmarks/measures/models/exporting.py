"""`edgecad phantom`, `train` and `export` as a user types them, in processes of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measures.command import EDGECAD, ProcessEnd, run_command

BRIEFLY = ("--strategy", "warm-up", "--warmup-epochs", 1)
MADE_NOW = "lively"
"""In place of a file: lively random weights, made when they are asked for."""
LIVELY, WEIGHTS = Path(__file__).with_name("lively.py"), "weights.npz"
ANYTHING = ("probabilities=1", "neighbourhood=1", "heatmap_correlation=-1", "auc_loss=1", "hidden=1")
"""With random weights an answer means nothing; the test is that there are answers at all."""


@dataclass(frozen=True)
class ExportEnd:
    """What `edgecad export` wrote.

    Attributes:
        folder: the model folder.
        loosened: bounds that it took, beside the exporter's own.
    """

    folder: Path
    ended: ProcessEnd
    loosened: tuple[str, ...] = ()


@contextmanager
def run_of(backbone: str, patients: int, words: Sequence[object]) -> Iterator[Path]:
    """Draw phantoms and train on them, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_command([*EDGECAD, "phantom", "data", "--patients", patients, "--seed", 0], folder)
        run_command([*EDGECAD, "train", "data", "--backbone", backbone, *words], folder)
        yield folder


@contextmanager
def first_weights(backbone: str, weights: str) -> Iterator[Path]:
    """The file `weights`, or for `MADE_NOW` one of random weights."""
    if weights != MADE_NOW:
        yield Path(weights).resolve()
        return
    with tempfile.TemporaryDirectory() as name:
        run_command([LIVELY, backbone, WEIGHTS], Path(name))
        yield Path(name) / WEIGHTS


@contextmanager
def untrained_run(backbone: str, patients: int, *options: object) -> Iterator[Path]:
    """The same with random weights, but lively ones: with Keras' own all vanishes in half precision."""
    with tempfile.TemporaryDirectory() as name:
        train_untrained(Path(name), backbone, patients, *options)
        yield Path(name)


def train_untrained(folder: Path, backbone: str, patients: int, *options: object) -> None:
    """Draw phantoms and hardly train on them, in `folder`."""
    run_command([*EDGECAD, "phantom", "data", "--patients", patients, "--seed", 0], folder)
    run_command([LIVELY, backbone, WEIGHTS], folder)
    words = [*EDGECAD, "train", "data", "--backbone", backbone, *BRIEFLY, "--weights", WEIGHTS]
    run_command([*words, *options], folder)


def exported(
    folder: Path,
    precisions: Sequence[str],
    bounds: Sequence[str] = (),
    allowed: Sequence[int] = (0,),
    options: Sequence[str] = (),
) -> ExportEnd:
    """Export the run of `folder`, with `bounds` for each of `precisions`, and other `options`."""
    options = [*options, *(f"--{precision}" for precision in precisions)]
    options += [word for own in precisions for bound in bounds for word in ("--tolerance", f"{own}.{bound}")]
    ended = run_command([*EDGECAD, "export", *options], folder, allowed)
    latest = folder / "models" / "latest"
    written = folder / "models" / latest.read_text().strip() if latest.is_file() else folder
    return ExportEnd(written, ended, tuple(bounds))
