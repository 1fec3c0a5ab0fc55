"""Files of `edgecad export` side by side: how near to the trained model, how small, how fast."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from edgecad.errors import GateFailed
from edgecad.modelfiles.file import FILES
from measures.export.options import ExportOptions
from measures.latency import in_turn
from measures.models.exporting import ANYTHING, ExportEnd, exported, run_of, untrained_run
from measures.quartiles import Quartiles

BARS = {"fp16_share": 0.52, "int8_share": 0.30, "cam_cost": 0.02, "resnet152v2_seconds": 180.0}
LOOSER: dict[str, tuple[tuple[str, ...], ...]] = {
    "fp16": ((), ("heatmap_correlation=0.99",), ("heatmap_correlation=0.95", "probabilities=0.02")),
    "int8": (
        (),
        ("probabilities=0.075", "neighbourhood=0.075"),
        ("probabilities=0.1", "neighbourhood=0.1"),
        ("probabilities=0.2", "neighbourhood=0.2", "heatmap_correlation=0.9", "auc_loss=0.01"),
    ),
}
"""The exporter's own bounds first; where a file misses them, how far they would have to give is a result too."""


class MeasuredParity(msgspec.Struct, frozen=True):
    """What of a file's distance to the trained model the tables show; see `edgecad_export.proof.parity`."""

    probabilities: float
    flips: int
    flips_in_neighbourhood: int
    heatmap_correlation: float
    switched: int


class ParityEntry(msgspec.Struct, frozen=True):
    """What of one file's entry in parity.json the tables show."""

    precision: str
    size_bytes: int
    backbone_share_of_fp32: float
    validation: MeasuredParity
    golden: MeasuredParity
    kept_in_fp32: tuple[str, ...]


class ExportedFileRow(msgspec.Struct, frozen=True):
    """One file.

    Attributes:
        parity: its whole entry in parity.json, whose fields stand beside the others in the results.
    """

    parity: dict[str, object]
    export_seconds: float
    export_peak_gb: float
    loosened: tuple[str, ...]

    @property
    def entry(self) -> ParityEntry:
        """What the table shows of it."""
        return msgspec.convert(self.parity, ParityEntry)

    def flat(self) -> dict[str, object]:
        """As it is kept."""
        ended = {"export_seconds": self.export_seconds, "export_peak_GB": self.export_peak_gb}
        return self.parity | ended | {"loosened": list(self.loosened)}


class FilesRow(msgspec.Struct, frozen=True):
    """One network's files, by precision.

    Attributes:
        files: as `ExportedFileRow.flat` gives them.
        faster: how many times as fast as fp32.
    """

    data: str
    backbone: str
    bars: dict[str, float]
    files: dict[str, dict[str, object]]
    milliseconds: dict[str, Quartiles]
    faster: dict[str, float]


class ParityFile(msgspec.Struct, frozen=True):
    """parity.json, as far as benchmarks read it; entries by file name."""

    files: dict[str, dict[str, object]]
    refused: dict[str, dict[str, object]]


def parity_of(model: Path) -> ParityFile:
    """Read parity.json of a model folder."""
    return msgspec.json.decode((model / "parity.json").read_bytes(), type=ParityFile)


def trained(options: ExportOptions) -> Iterator[FilesRow]:
    """Real first weights, trained on phantoms: parity, size and speed of each precision."""
    if not options.weights:
        sys.exit("no --weights BACKBONE=FILE: nothing to train from")
    for pair in options.weights:
        backbone, _, weights = pair.partition("=")
        epochs = zip(("--warmup-epochs", "--finetune-epochs"), options.epochs, strict=True)
        words = ["--weights", Path(weights).resolve(), *(word for own in epochs for word in own)]
        with run_of(backbone, options.patients, words) as folder:
            found = [narrowed(folder, precision) for precision in options.precisions]
            yield _row(options, backbone, f"{options.patients} PHANTOMS", found or [exported(folder, ())])


def untrained(options: ExportOptions) -> Iterator[FilesRow]:
    """Random weights: that each backbone goes the whole way, its sizes and its times."""
    data = "24 PHANTOMS, random weights: conversion, size and speed only"
    for backbone in options.backbones:
        with untrained_run(backbone, 24) as folder:
            plain = exported(folder, ())
            narrow = [exported(folder, (own,), ANYTHING) for own in options.precisions]
            yield _row(options, backbone, data, [plain, *narrow])


def narrowed(folder: Path, precision: str) -> ExportEnd:
    """The file in a precision, within the first bounds that hold it."""
    *ladder, last = LOOSER[precision]
    for bounds in ladder:
        found = exported(folder, (precision,), bounds, allowed=(0, GateFailed.exit_code))
        if found.ended.code == 0:
            return found
        print(f"{precision} missed {' '.join(bounds) or 'its bounds'} after {found.ended.seconds:.0f} s", flush=True)
    return exported(folder, (precision,), last)


def _row(options: ExportOptions, backbone: str, data: str, exports: Sequence[ExportEnd]) -> FilesRow:
    from edgecad.inference.predicting import ANSWER_OUTPUTS

    files: dict[str, ExportedFileRow] = {}
    contents: dict[str, bytes] = {}
    for export in exports:
        for own in parity_of(export.folder).files.values():
            name = str(own["precision"])
            if name in files:  # fp32, which every export writes
                continue
            loosened = () if name == "fp32" else export.loosened
            files[name] = ExportedFileRow(own, export.ended.seconds, export.ended.peak_gb, loosened)
            contents[name] = (export.folder / FILES[own["precision"]]).read_bytes()  # type: ignore[index]
    times = in_turn({name: (content, ANSWER_OUTPUTS) for name, content in contents.items()}, options.rounds)
    faster = {name: times["fp32"].median / own.median for name, own in times.items()}
    _tell(backbone, files, times, faster)
    return FilesRow(data, backbone, BARS, {name: own.flat() for name, own in files.items()}, times, faster)


def _tell(
    backbone: str, files: Mapping[str, ExportedFileRow], times: Mapping[str, Quartiles], faster: Mapping[str, float]
) -> None:
    print(f"\n{backbone}")
    titles = ("precision", "MB", "backbone, share of fp32", "d score", "flips + near", "heat map", "kept in fp32",
              "ms (quartiles)", "times faster", "export s", "GB", "bounds that gave")  # fmt: skip
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, row in files.items():
        own = row.entry
        parity = own.validation
        print(
            f"| {name} | {own.size_bytes / 1e6:.1f} | {own.backbone_share_of_fp32:.3f} "
            f"| {parity.probabilities:.1e} | {parity.flips} + {parity.flips_in_neighbourhood} "
            f"| {parity.heatmap_correlation:.5f} | {len(own.kept_in_fp32)} | {times[name].words(1)} "
            f"| {faster[name]:.2f} | {row.export_seconds:.0f} | {row.export_peak_gb:.1f} | {' '.join(row.loosened)} |",
            flush=True,
        )
