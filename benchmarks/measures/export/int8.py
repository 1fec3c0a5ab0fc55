"""int8 within the exporter's own bounds: whether it holds, how near, how much of it is in 8 bits, how much faster."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgecad.errors import GateFailed
from edgecad.modelfiles.file import FILES
from edgecad.system.folders import followed
from measures.export.options import ExportOptions
from measures.export.parity import parity_of
from measures.latency import in_turn
from measures.models.exporting import ExportEnd, exported, run_of, untrained_run
from measures.models.kept import PHANTOMS, ROUNDING
from measures.quartiles import Quartiles

RANDOM = f"{PHANTOMS} PHANTOMS, random but lively weights: they say nothing of a trained network's parity"


class JudgedParity(msgspec.Struct, frozen=True):
    """What of a file's distance to the trained model is shown; see `edgecad_export.proof.parity`."""

    images: int
    logits: float
    probabilities: float
    flips: int
    flips_in_neighbourhood: int
    heatmap_correlation: float
    auc_loss: float | None


class Int8Entry(msgspec.Struct, frozen=True):
    """What of int8's entry in parity.json is kept, whether it was written or refused."""

    tolerances: dict[str, float]
    validation: JudgedParity
    golden: JudgedParity
    kept_in_fp32: tuple[str, ...]
    multiply_adds_in_fewer_bits: float
    backbone_share_of_fp32: float
    attempts: tuple[dict[str, str], ...]
    seconds: float


class Int8Row(msgspec.Struct, frozen=True):
    """One network.

    Attributes:
        held: whether the file was written within the exporter's bounds.
        milliseconds: of one image, fp32 and, where it was written, int8, in turn.
        faster: how many times as fast as fp32; None where there is no file.
    """

    data: str
    backbone: str
    held: bool
    int8: Int8Entry
    milliseconds: dict[str, Quartiles]
    faster: float | None

    def line(self) -> str:
        """A row of the table."""
        own = self.int8.validation
        said = "holds" if self.held else f"**missed**: {self.int8.attempts[-1]['said']}"
        cells = (
            self.backbone, own.images, f"{own.probabilities:.3f} of {self.int8.tolerances['probabilities']:g}",
            f"{own.flips} + {own.flips_in_neighbourhood}",
            f"{own.heatmap_correlation:.3f} of {self.int8.tolerances['heatmap_correlation']:g}",
            f"{self.int8.multiply_adds_in_fewer_bits:.0%}", len(self.int8.attempts), f"{self.int8.seconds:.0f}",
            "-" if self.faster is None else f"{self.faster:.2f}", said,
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


@dataclass(frozen=True)
class Source:
    """A folder with `runs/latest`, and what its network is."""

    folder: Path
    backbone: str
    data: str
    options: tuple[str, ...] = ()


def int8(options: ExportOptions) -> Iterator[Int8Row]:
    """Runs that lie in a folder, heads that are trained now on real first weights, or else random weights."""
    print("| network | images | score | flips + near | heat map | in 8 bits | tries | s | times faster | gate |")
    print(f"|{'---|' * 10}")
    for number, run in enumerate(options.runs):
        with _given(run, number) as source:
            yield _row(source, options.rounds)
    for pair in options.weights:
        backbone, _, weights = pair.partition("=")
        epochs = zip(("--warmup-epochs", "--finetune-epochs"), options.epochs, strict=True)
        words = ["--weights", Path(weights).resolve(), *(word for own in epochs for word in own)]
        with run_of(backbone, options.patients, words) as folder:
            yield _row(Source(folder, backbone, f"{options.patients} PHANTOMS"), options.rounds)
    for backbone in () if options.runs or options.weights else options.backbones:
        with untrained_run(backbone, PHANTOMS) as folder:
            yield _row(Source(folder, backbone, RANDOM, ROUNDING), options.rounds)


@contextmanager
def _given(run: Path, number: int) -> Iterator[Source]:
    """A run that lies there already, in a folder of its own for what is exported."""
    found = followed(run.resolve())
    if not (found / "contract.json").is_file():
        sys.exit(f"--runs {run}: no run folder, which has a contract.json")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runs").mkdir()
        (folder / "runs" / found.name).symlink_to(found)
        (folder / "runs" / "latest").write_text(f"{found.name}\n")
        yield Source(folder, f"run-{number}", f"the run {found.name}")


def _row(source: Source, rounds: int) -> Int8Row:
    from edgecad.inference.classifier import ANSWER_OUTPUTS

    allowed = (0, GateFailed.exit_code)
    end: ExportEnd = exported(source.folder, ("int8",), allowed=allowed, options=source.options)
    parity = parity_of(end.folder)
    held = FILES["int8"] in parity.files
    entry = (parity.files if held else parity.refused)[FILES["int8"]]
    paths = {name: end.folder / FILES[name] for name in (("fp32", "int8") if held else ("fp32",))}
    times = in_turn({name: (path.read_bytes(), ANSWER_OUTPUTS) for name, path in paths.items()}, rounds)
    faster = times["fp32"].median / times["int8"].median if held else None
    row = Int8Row(source.data, source.backbone, held, msgspec.convert(entry, Int8Entry), times, faster)
    print(row.line(), flush=True)
    return row
