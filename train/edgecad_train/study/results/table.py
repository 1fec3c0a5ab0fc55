"""The table for people, `table.md`: figures, comparisons, and what must be known to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from edgecad.cli.table import table_lines
from edgecad.contract import Metric, Openings
from edgecad_train.data import DataFinding
from edgecad_train.evaluation.localisation.words import judged_words
from edgecad_train.evaluation.statistics.comparison import ModelComparison
from edgecad_train.origin import origin_words
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.results.claims_words import networks_section, strategies_section
from edgecad_train.study.results.comparisons import AgainstReference
from edgecad_train.study.results.grid import grid
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.study_table import StudyTable
from edgecad_train.study.results.true_deficit import phantom_lines, phantom_words
from edgecad_train.training.device.asked import CPU

COLUMNS = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "sensitivity_cad": "sensitivity CAD",
    "specificity_cad": "specificity CAD",
    "macro_sensitivity": "macro sensitivity",
    "macro_precision": "macro precision",
    "macro_f1": "macro F1",
}
"""Figures of the table for people, and their heads; the others are in the CSV."""
HEAT_MAPS = {"peak_on_defect": "peak on the defect", "map_and_uptake": "map and uptake"}
"""Figures of the heat maps, and their heads; the others are in the CSV."""
NOT_MEASURED = "not measured"


def markdown(table: StudyTable, findings: Sequence[DataFinding] = (), openings: Openings | None = None) -> str:
    """The table of figures, the two kinds of claims, and what must be known to read them.

    Args:
        findings: what was found in the data, told below.
        openings: of the test patients whose runs are done.
    """
    study, rows = table.study, table.rows
    word = origin_words(study.origin)
    parts = [
        f"# {word}" if word else "# Study",
        _progress(rows),
        phantom_words(table.deficit) if study.origin != "patients" else "",
        _figures(rows),
        *_claims(table),
        _notes(study, rows, findings),
        f"- {opened_words(openings)}." if openings else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _claims(table: StudyTable) -> tuple[str, ...]:
    if sum(bool(row.runs) for row in table.rows) < 2:
        return ()
    return strategies_section(table), networks_section(table), "## How to read this table"


def opened_words(openings: Openings) -> str:
    """How often the test patients of a study were looked at before, and what all its runs are together."""
    return f"The test parts of all runs together: {openings.words()}; this study is one opening, resumed or not"


def _progress(rows: Sequence[Row]) -> str:
    done, units, failed = (sum(map(count, rows)) for count in (_done, _units, lambda row: row.failed))
    return f"{done} of {units} runs are done{f', {failed} failed' if failed else ''}."


def _done(row: Row) -> int:
    return len(row.runs)


def _units(row: Row) -> int:
    return len(row.units)


def _figures(rows: Sequence[Row]) -> str:
    heads = ["network", "strategy or method", "paper", "runs", *COLUMNS.values(), *HEAT_MAPS.values(),
             "evidence outside the disc", "seconds a run"]  # fmt: skip
    lines = [[*_first_cells(row), *(_cell(row.metric(name)) for name in COLUMNS), *_last_cells(row)] for row in rows]
    return grid([*heads, "plain Keras would take, seconds"], lines)


def _first_cells(row: Row) -> list[str]:
    return [row.backbone, row.variant, row.number, f"{len(row.runs)}/{len(row.units)}"]


def _last_cells(row: Row) -> list[str]:
    outside = "" if row.evidence_outside is None else f"{row.evidence_outside:.0%}"
    maps = [_cell(row.heat_map_figure(name)) for name in HEAT_MAPS]
    return [*maps, outside, seconds_words(row.seconds), plain_words(row)]


def seconds_words(seconds: Sequence[float]) -> str:
    """Mean, and the range where there are several."""
    if not seconds:
        return ""
    spread = f" ({_whole(min(seconds))}-{_whole(max(seconds))})" if len(seconds) > 1 else ""
    return f"{_whole(float(np.mean(seconds)))}{spread}"


def _whole(seconds: float) -> str:
    """Whole seconds; of less than half a second two digits, for no run takes none."""
    return f"{seconds:.0f}" if seconds >= 0.5 else f"{seconds:.2g}"


def plain_words(row: Row) -> str:
    """What plain Keras would take, and how many times that is."""
    if row.plain_seconds is None:
        return NOT_MEASURED
    times = f" ({row.plain_seconds / np.mean(row.seconds):.1f} times)" if row.seconds else ""
    return f"{row.plain_seconds:.0f}{times}"


def _cell(metric: Metric | None) -> str:
    return interval_words(metric) if metric else ""


def interval_words(metric: Metric) -> str:
    """Value and interval."""
    return f"{metric.value:.3f} ({metric.low:.3f}-{metric.high:.3f})"


def mcnemar_p(comparison: ModelComparison) -> float | None:
    """Of the right answers."""
    return comparison.accuracy.p_value


def delong_p(comparison: ModelComparison) -> float | None:
    """Of the areas; None where there is no test."""
    return comparison.auc.p_value if comparison.auc else None


def p_by_run(found: AgainstReference, p_value: Callable[[ModelComparison], float | None]) -> str:
    """A p-value a run, in words."""
    told = ((name, p_value(comparison)) for name, comparison in zip(found.runs, found.each, strict=True))
    return "; ".join(f"{name}: {'none' if p is None else f'{p:.3g}'}" for name, p in told)


def terminal_lines(table: StudyTable) -> tuple[str, ...]:
    """A short table for the terminal: the protocol, AUC and accuracy on test patients, and the time of a run."""
    study, rows = table.study, table.rows
    titles = ("network", "strategy or method", "runs", "AUC, 95 %", "accuracy, 95 %", "seconds a run")
    phantoms = () if study.origin == "patients" else phantom_lines(table.deficit)
    return (protocol_words(study), *phantoms, *table_lines(titles, map(_terminal_cells, rows), "llllll"))


def _terminal_cells(row: Row) -> tuple[str, ...]:
    figures = (_cell(row.metric(name)) for name in ("auc", "accuracy"))
    return row.backbone, row.variant, f"{len(row.runs)}/{len(row.units)}", *figures, seconds_words(row.seconds)


def _notes(study: Study, rows: Sequence[Row], findings: Sequence[DataFinding]) -> str:
    notes = [
        _sentence(protocol_words(study)),
        *_method_notes(rows),
        *_weights_notes(rows),
        *_heat_map_notes(rows),
        _time_note(study),
        *_threads_note(rows),
        *_devices_note(rows),
    ]
    notes += [f"Of the data: {finding.text}." for finding in findings]
    return "\n".join(f"- {note}" for note in notes)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _method_notes(rows: Sequence[Row]) -> Iterator[str]:
    yield "Figures are of test patients, which chose nothing; intervals are 95 %; CAD is the positive class."
    for name in ("auc", "accuracy", "macro_f1"):
        methods = dict.fromkeys(metric.method for row in rows if (metric := row.metric(name)))
        if methods:
            yield f"{COLUMNS[name]}: {'; '.join(methods)}."
    if any(len(row.runs) > 1 for row in rows):
        yield "Over several runs counts are added up, and the AUC is the mean of the runs' own."
        yield (
            'Intervals are of other patients, and where it says "patients and training" of another training too. '
            "Intervals of two rows may overlap although the rows differ: what may be claimed stands above."
        )
    yield "Evidence outside the disc and seconds have no interval: they are about these runs and no others."


def protocol_words(study: Study) -> str:
    """Which protocol the study followed, and what that means."""
    folds = study.units[0].inner_folds
    if not folds:
        return "protocol holdout: one validation part chose epoch, temperature and threshold"
    return (
        f"protocol folds: {folds} folds of the patients who are not tested chose epochs, temperature and threshold; "
        "the network was trained once more on all of these patients"
    )


def _weights_notes(rows: Sequence[Row]) -> Iterator[str]:
    runs = [run for row in rows for run in row.runs if run.unit.plan.pretrained]
    told = ((run.unit.network, run.records.contract.weights) for run in runs)
    for name, weights in dict.fromkeys(told):
        yield f"{name}: first weights {weights}."


def _heat_map_notes(rows: Sequence[Row]) -> Iterator[str]:
    """Which scans the figures of heat maps are about, in the first row that has any; chance and the coldest place."""
    row = next((row for row in rows if row.localisation), None)
    if row is None or row.localisation is None:
        return
    yield f"Heat maps of {row.variant} on {row.backbone}, all runs: {judged_words(row.localisation)}."
    chance, coldest = (row.heat_map_figure(name) for name in ("chance", "coldest_on_defect"))
    if chance:
        beside = f", and the coldest place {coldest.value:.2f}" if coldest else ""
        yield f"A peak anywhere lies on the defect in {chance.value:.2f}{beside}."
    yield (
        "Map and uptake: correlation over the cells of the disc; below 0 the map marks what is cold. Where defects are "
        "known it is of the same scans as the peaks, else of the scans above the threshold."
    )


def _time_note(study: Study) -> str:
    note = "Seconds a run: building, training and evaluation; frozen outputs that runs share count for each"
    if not study.spec.time_plain:
        return f"{note}."
    return f"{note}. Plain Keras: its epochs alone, at the measured time of one of each stage's kind."


def _threads_note(rows: Sequence[Row]) -> Iterator[str]:
    threads = sorted({run.records.record.threads or 0 for row in rows for run in row.runs})
    if len(threads) > 1:
        counts = " and ".join(map(str, threads))
        yield f"Runs had {counts} threads: sums are in another order then, and scores differ by about 1e-7."


def _devices_note(rows: Sequence[Row]) -> Iterator[str]:
    """Which devices trained, unless it was the processor alone."""
    devices = sorted({str(device) for row in rows for run in row.runs if (device := run.records.record.device)})
    if len(devices) > 1:
        yield f"Runs were trained on {' and on '.join(devices)}: sums are in another order on each, and figures differ."
    elif devices != [CPU]:
        yield from (f"Runs were trained on {device}." for device in devices)
