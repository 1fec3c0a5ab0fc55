"""The table for programs, `table.csv`: every figure with its interval, method and number of patients."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np

from edgecad.contract import Metric
from edgecad_train.evaluation.localisation.words import FIGURES
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.results.comparisons import AgainstReference, Difference
from edgecad_train.study.results.pooling import SHOWN
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.table import NOT_MEASURED, delong_p, interval_words, mcnemar_p, p_by_run


def csv_text(study: Study, rows: Sequence[Row]) -> str:
    """A line a row, every figure with its interval, method and number of patients; empty where there is none."""
    text = io.StringIO()
    lines = [dict(_csv_cells(study, row)) for row in rows]
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _csv_cells(study: Study, row: Row) -> Iterator[tuple[str, object]]:
    unit = row.units[0]
    yield from {
        "origin": study.origin,
        "backbone": unit.settings.backbone,
        "strategy": unit.settings.strategy,
        "paper": row.number,
        "layerwise": unit.settings.layerwise,
        "weights": row.runs[0].records.contract.weights if row.runs else "",
        "protocol": study.spec.protocol,
        "inner_folds": unit.inner_folds,
        "runs_asked": len(row.units),
        "runs_done": len(row.runs),
        "runs_failed": row.failed,
    }.items()
    for name in SHOWN:
        yield from _csv_metric(name, row.metric(name))
    yield "auc_by_run", "; ".join(f"{name}: {interval_words(metric)}" for name, metric in row.areas)
    known, maps = row.localisation, row.heat_maps
    yield "heat_maps_of", ("known defects" if known and known.judged else "above the threshold") if maps else ""
    yield "heat_maps_scans", maps.scans if maps else ""
    for name in FIGURES:
        yield from _csv_metric(name, row.heat_map_figure(name))
    yield "evidence_outside_disc", _number(row.evidence_outside)
    yield from _csv_seconds(row)
    yield from _csv_against(row.against)


def _csv_metric(name: str, metric: Metric | None) -> Iterator[tuple[str, object]]:
    for part in ("value", "low", "high"):
        column = name if part == "value" else f"{name}_{part}"
        yield column, _number(getattr(metric, part)) if metric else ""
    yield f"{name}_patients", metric.n if metric else ""
    yield f"{name}_method", metric.method if metric else ""


def _csv_seconds(row: Row) -> Iterator[tuple[str, object]]:
    for name, summary in (("mean", np.mean), ("least", np.min), ("most", np.max)):
        yield f"seconds_{name}", f"{summary(row.seconds):.3f}" if row.seconds else ""
    yield "seconds_plain_keras", NOT_MEASURED if row.plain_seconds is None else f"{row.plain_seconds:.3f}"


def _csv_against(found: AgainstReference | None) -> Iterator[tuple[str, object]]:
    for name in ("accuracy", "auc"):
        difference: Difference | None = getattr(found, name) if found else None
        for part in ("value", "low", "high", "p_value"):
            yield f"{name}_less_two_stage_{part}", _number(getattr(difference, part)) if difference else ""
        yield f"{name}_less_two_stage_method", difference.method if difference else ""
    yield "mcnemar_p_by_run", p_by_run(found, mcnemar_p) if found else ""
    yield "delong_p_by_run", p_by_run(found, delong_p) if found else ""


def _number(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.4f}"
