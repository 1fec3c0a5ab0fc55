"""`parity.json`: what each file was held to, what was measured, and what it took to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from edgecad_export.graph import backbone_bytes, nodes_by_type
from edgecad_export.modelfolder.exported_file import ExportedFile


def write_parity_file(files: Sequence[ExportedFile], opset: int, path: Path) -> None:
    """Write the record of an export's files, fp32 first."""
    fp32 = backbone_bytes(files[0].candidate.narrowed.proto)
    record = {"schema": 2, "opset": opset, "files": {entry.name: _record(entry, fp32) for entry in files}}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))


def _record(entry: ExportedFile, fp32: int) -> dict[str, Any]:
    candidate, narrowed = entry.candidate, entry.candidate.narrowed
    return {
        "precision": candidate.precision,
        "size_bytes": entry.size_bytes,
        "backbone_share_of_fp32": round(backbone_bytes(narrowed.proto) / fp32, 4),
        "tolerances": candidate.contract.tolerances,
        "validation": asdict(candidate.verdict.validation),
        "golden": asdict(candidate.verdict.golden),
        "kept_in_fp32": narrowed.wider,
        "attempts": [asdict(attempt) for attempt in narrowed.attempts],
        "nodes": nodes_by_type(narrowed.proto),
        "seconds": round(candidate.seconds, 2),
        "milliseconds_a_scan_here": round(entry.milliseconds, 3),
    }
