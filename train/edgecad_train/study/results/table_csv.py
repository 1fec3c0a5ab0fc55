"""The table for programs, `table.csv`: every figure with its interval, method and number of patients; `pairs.csv`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from edgecad.contract import Metric
from edgecad_train.evaluation.localisation.words import FIGURES
from edgecad_train.study.results.claims_words import beaten
from edgecad_train.study.results.comparisons import Difference
from edgecad_train.study.results.pooling import SHOWN
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.study_table import StudyTable
from edgecad_train.study.results.table import NOT_MEASURED, delong_p, interval_words, mcnemar_p, p_by_run


def csv_text(table: StudyTable) -> str:
    """A line a row, every figure with its interval, method and number of patients; empty where there is none."""
    return _lines([dict(_csv_cells(table, place)) for place in range(len(table.rows))])


def pairs_text(table: StudyTable) -> str:
    """A line for every pair of rows, whether their networks differ; the heads alone where there is no pair."""
    claims = table.claims
    heads = ("one", "other", "runs", "auc_one", "auc_other", "auc_less", "p_value", "p_adjusted_over_all_pairs",
             "seen_8_times_in_10_from")  # fmt: skip
    lines = [
        (
            row_words(table, claims.rows[own.one]),
            row_words(table, claims.rows[own.other]),
            len(claims.runs),
            *(_number(float(claims.areas.means[side])) for side in (own.one, own.other)),
            _number(own.value),
            _p(own.p_value),
            _p(own.adjusted),
            _number(own.smallest),
        )
        for own in claims.networks
        if claims.areas is not None
    ]
    return _lines([dict(zip(heads, line, strict=True)) for line in lines], heads)


def _lines(lines: Sequence[Mapping[str, object]], heads: Sequence[str] = ()) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, heads or list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def row_words(table: StudyTable, place: int) -> str:
    """Network and strategy."""
    return ", ".join(table.rows[place].key)


def _csv_cells(table: StudyTable, place: int) -> Iterator[tuple[str, object]]:
    study, row = table.study, table.rows[place]
    unit = row.units[0]
    yield from {
        "origin": study.origin,
        "method": row.method,
        "input": unit.preparation.input,
        "backbone": row.backbone,
        "strategy": "" if unit.method else unit.settings.strategy,
        "paper": row.number,
        "layerwise": "" if unit.method else unit.settings.layerwise,
        "weights": row.runs[0].records.contract.weights if row.runs else "",
        "protocol": study.spec.protocol,
        "inner_folds": unit.inner_folds,
        "runs_asked": len(row.units),
        "runs_done": len(row.runs),
        "runs_failed": row.failed,
    }.items()
    for name in SHOWN:
        yield from _csv_metric(name, row.metric(name))
    for part in ("value", "low", "high"):
        yield f"true_deficit_auc_{part}", _number(getattr(table.deficit.area, part)) if table.deficit else ""
    yield "auc_by_run", "; ".join(f"{name}: {interval_words(metric)}" for name, metric in row.areas)
    known, maps = row.localisation, row.heat_maps
    yield "heat_maps_of", ("known defects" if known and known.judged else "above the threshold") if maps else ""
    yield "heat_maps_scans", maps.scans if maps else ""
    for name in FIGURES:
        yield from _csv_metric(name, row.heat_map_figure(name))
    yield "evidence_outside_disc", _number(row.evidence_outside)
    yield from _csv_seconds(row)
    yield from _csv_strategies(table, place)
    yield from _csv_networks(table, place)


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


def _csv_strategies(table: StudyTable, place: int) -> Iterator[tuple[str, object]]:
    """Claims with patients and training."""
    claims = table.claims
    number = claims.rows.index(place) if place in claims.rows else None
    found = next((own for own in claims.against if own.row == number), None)
    yield "reference", table.study.spec.reference
    yield "claims_over_runs", "; ".join(claims.runs) if number is not None else ""
    for part in ("value", "low", "high"):
        yield f"strategy_auc_less_reference_{part}", _number(getattr(found, part)) if found else ""
    yield "strategy_p_adjusted_over_all_references", _p(found.p_value) if found else ""
    yield "strategy_seen_8_times_in_10_from", _number(found.smallest) if found else ""
    best = claims.best if number is not None else None
    yield "may_be_best", (number in best.rows) if best else ""
    yield "highest_seen_8_times_in_10_from", _number(best.smallest[number]) if best and number is not None else ""


def _csv_networks(table: StudyTable, place: int) -> Iterator[tuple[str, object]]:
    """Claims about the networks as they are: patients alone."""
    claims, found = table.claims, table.rows[place].against
    for name in ("accuracy", "auc"):
        difference: Difference | None = getattr(found, name) if found else None
        for part in ("value", "low", "high"):
            yield f"networks_{name}_less_reference_{part}", _number(getattr(difference, part)) if difference else ""
        yield f"networks_{name}_less_reference_p_unadjusted", _p(difference.p_value) if difference else ""
        yield f"networks_{name}_less_reference_method", difference.method if difference else ""
    yield "networks_accuracy_less_reference_p_adjusted_over_all_references", _p(claims.accuracy.get(place))
    higher, lower = beaten(claims, claims.rows.index(place)) if place in claims.rows else ([], [])
    for word, side in (("higher", higher), ("lower", lower)):
        yield f"networks_auc_{word}_than", "; ".join(row_words(table, claims.rows[own]) for own in side)
    yield "mcnemar_p_by_run_unadjusted", p_by_run(found, mcnemar_p) if found else ""
    yield "delong_p_by_run_unadjusted", p_by_run(found, delong_p) if found else ""


def _p(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _number(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.4f}"
