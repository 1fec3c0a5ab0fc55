"""int8 within the exporter's own bounds: whether it holds, how near, how much of it is in 8 bits, how much faster."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import msgspec

from edgecad.errors import GateFailed
from edgecad.modelfiles.file import FILES
from edgecad.system.folders import followed
from measures.export.fresh import FreshParity, fresh_parity
from measures.export.options import ExportOptions
from measures.export.parity import parity_of
from measures.latency import in_turn
from measures.models.exporting import MADE_NOW, ExportEnd, exported, first_weights, run_of, untrained_run
from measures.models.kept import PHANTOMS, ROUNDING
from measures.quartiles import Quartiles

RANDOM = f"{PHANTOMS} PHANTOMS, random but lively weights: they say nothing of a trained network's parity"
COLUMNS = (
    "network", "images", "logits", "score", "flips + near", "heat map", "fresh: score, rms, worst, beyond",
    "fresh: flips + near", "fresh: heat map", "in 8 bits", "tries", "s", "bytes", "times faster", "gate",
)  # fmt: skip


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
        backbone: the network; of a run also what it was trained on, and its seed.
        held: whether the file was written within the exporter's bounds.
        bytes: size of each file that was written.
        fresh: how far int8 lies from fp32 on phantoms that nothing has seen; None where there is no file.
        milliseconds: of one image, fp32 and, where it was written, int8, in turn.
        faster: how many times as fast as fp32; None where there is no file.
    """

    data: str
    backbone: str
    held: bool
    int8: Int8Entry
    bytes: dict[str, int]
    fresh: FreshParity | None
    milliseconds: dict[str, Quartiles]
    faster: float | None

    def line(self) -> str:
        """A row of the table."""
        own, fresh = self.int8.validation, self.fresh
        said = "holds" if self.held else f"**missed**: {self.int8.attempts[-1]['said']}"
        size = self.bytes["int8"] / self.bytes["fp32"] if self.held else None
        cells = (
            self.backbone, own.images, f"{own.logits:.3f}",
            f"{own.probabilities:.3f} of {self.int8.tolerances['probabilities']:g}",
            f"{own.flips} + {own.flips_in_neighbourhood}",
            f"{own.heatmap_correlation:.3f} of {self.int8.tolerances['heatmap_correlation']:g}",
            "-" if fresh is None else f"{fresh.probabilities_rms:.4f}, {fresh.probabilities:.3f}, {fresh.beyond}",
            "-" if fresh is None else f"{fresh.flips} + {fresh.flips_in_neighbourhood}",
            "-" if fresh is None else f"{fresh.heatmap_correlation:.3f}",
            f"{self.int8.multiply_adds_in_fewer_bits:.0%}", len(self.int8.attempts), f"{self.int8.seconds:.0f}",
            "-" if size is None else f"{size:.3f}", "-" if self.faster is None else f"{self.faster:.2f}", said,
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
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * len(COLUMNS)}")
    for number, run in enumerate(options.runs):
        with _given(run, number) as source:
            yield _row(source, options)
    for pair, seen, seed in product(options.weights, options.inputs, options.seeds):
        with _trained(pair, seen, seed, options) as source:
            yield _row(source, options)
    for backbone in () if options.runs or options.weights else options.backbones:
        with untrained_run(backbone, PHANTOMS) as folder:
            yield _row(Source(folder, backbone, RANDOM, ROUNDING), options)


@contextmanager
def _trained(pair: str, seen: str, seed: int, options: ExportOptions) -> Iterator[Source]:
    """A network `BACKBONE=FILE` or `BACKBONE=lively` that is trained on phantoms now, with this input."""
    backbone, _, weights = pair.partition("=")
    epochs = zip(("--warmup-epochs", "--finetune-epochs"), options.epochs, strict=True)
    data = f"{options.patients} PHANTOMS, {seen}, seed {seed}{', random first weights' * (weights == MADE_NOW)}"
    with first_weights(backbone, weights) as file:
        words = ["--weights", file, *(word for own in epochs for word in own), "--input", seen, "--seed", seed]
        with run_of(backbone, options.patients, words) as folder:
            yield Source(folder, f"{backbone}-{seen}-{seed}", data)


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


def _row(source: Source, options: ExportOptions) -> Int8Row:
    from edgecad.inference.predicting import ANSWER_OUTPUTS

    allowed = (0, GateFailed.exit_code)
    end: ExportEnd = exported(source.folder, ("int8",), allowed=allowed, options=source.options)
    parity = parity_of(end.folder)
    held = FILES["int8"] in parity.files
    entry = (parity.files if held else parity.refused)[FILES["int8"]]
    files = {name: (end.folder / FILES[name]).read_bytes() for name in (("fp32", "int8") if held else ("fp32",))}
    times = in_turn({name: (content, ANSWER_OUTPUTS) for name, content in files.items()}, options.rounds)
    row = Int8Row(
        source.data, source.backbone, held, msgspec.convert(entry, Int8Entry),
        {name: len(content) for name, content in files.items()},
        fresh_parity(end.folder, options.fresh) if held else None,
        times, times["fp32"].median / times["int8"].median if held else None,
    )  # fmt: skip
    print(row.line(), flush=True)
    return row
