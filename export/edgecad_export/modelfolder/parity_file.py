"""`parity.json`: what each file was held to, what was measured, and what it took to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from edgecad.contract import Precision
from edgecad.modelfiles.file import FILES
from edgecad_export.candidates import Candidate
from edgecad_export.graph.parts import backbone_bytes, nodes_by_type
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.precision.ranges import LARGEST, ROOM, SMALLEST, ActivationRanges
from edgecad_export.proof.gate import Verdict


def write_parity_file(
    path: Path,
    files: Sequence[ExportedFile],
    refused: Sequence[Candidate],
    failed: Mapping[Precision, str],
    opset: int,
) -> None:
    """Write the record of an export's files, fp32 first, of those that were refused, and of those that failed.

    Args:
        failed: precisions that could not be made, with the reason.
    """
    fp32 = backbone_bytes(files[0].candidate.narrowed.proto)
    record = {
        "schema": 3,
        "opset": opset,
        "files": {entry.name: _written(entry, fp32) for entry in files},
        "refused": {FILES[candidate.precision]: _refused(candidate, fp32) for candidate in refused},
        "failed": {FILES[precision]: {"precision": precision, "reason": own} for precision, own in failed.items()},
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def _written(entry: ExportedFile, fp32: int) -> dict[str, Any]:
    return {
        "size_bytes": entry.size_bytes,
        **_measured(entry.candidate, fp32),
        "milliseconds_a_scan_here": round(entry.milliseconds, 3),
    }


def _refused(candidate: Candidate, fp32: int) -> dict[str, Any]:
    return {
        "reason": candidate.verdict.summary,
        "misses": [miss.text for miss in candidate.verdict.misses],
        **_measured(candidate, fp32),
    }


def _measured(candidate: Candidate, fp32: int) -> dict[str, Any]:
    narrowed = candidate.narrowed
    return {
        "precision": candidate.precision,
        "backbone_share_of_fp32": round(backbone_bytes(narrowed.proto) / fp32, 4),
        "tolerances": candidate.contract.tolerances,
        "executions": candidate.contract.executions,
        "as_bf16": None if candidate.as_bf16 is None else _as_bf16(candidate.as_bf16),
        "validation": asdict(candidate.verdict.validation),
        "golden": asdict(candidate.verdict.golden),
        "kept_in_fp32": narrowed.wider,
        "multiply_adds_in_fewer_bits": None if narrowed.work is None else round(narrowed.work, 4),
        "range": None if narrowed.ranges is None else _range(narrowed.ranges),
        "attempts": [asdict(attempt) for attempt in narrowed.attempts],
        "nodes": nodes_by_type(narrowed.proto),
        "seconds": round(candidate.seconds, 2),
    }


def _as_bf16(verdict: Verdict) -> dict[str, Any]:
    return {
        "said": verdict.summary,
        "validation": asdict(verdict.validation),
        "golden": asdict(verdict.golden),
    }


def _range(ranges: ActivationRanges) -> dict[str, Any]:
    """Of activations in fp32, by which nodes stay wide; magnitudes are the largest of each node's output."""
    return {
        "largest": max(ranges.largest.values(), default=0.0),
        "smallest_of_the_largest": min(ranges.largest.values(), default=0.0),
        "half_holds": [SMALLEST, LARGEST],
        "room": ROOM,
        "overflowing": ranges.overflowing,
        "vanishing": ranges.vanishing,
    }
