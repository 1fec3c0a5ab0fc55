"""The figures of a run as lines of a terminal: what chose beside the test part."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from edgecad.answer.familiarity import words_about
from edgecad.cli.table import table_lines
from edgecad.clinical.words import clinical_rows
from edgecad.contract import Contract, Familiarity, Metric
from edgecad_train.evaluation.baseline import Baseline
from edgecad_train.evaluation.familiarity.measuring import LEAST_PATIENTS
from edgecad_train.origin import origin_words


def lines_of_figures(contract: Contract) -> Iterator[str]:
    """One line a figure, each part with its 95 % interval; how intervals come about stands in the report."""
    parts = tuple(dict.fromkeys(metric.part for metric in contract.metrics))
    held = {(metric.name, metric.part): metric for metric in contract.metrics}
    stamp = origin_words(contract.origin)
    yield f"agreement with {contract.labelling.reference}{f' ({stamp})' if stamp else ''}, with 95 % intervals:"
    heads = ("", *(_head(part, contract.metrics) for part in parts))
    names = dict.fromkeys(metric.name for metric in contract.metrics)
    rows = ((name, *(_cell(held.get((name, part))) for part in parts)) for name in names)
    yield from table_lines(heads, rows, "l" * len(heads))
    if parts:
        yield f"  {parts[0]} patients chose threshold and more; test patients chose nothing"


def _head(part: str, metrics: Sequence[Metric]) -> str:
    return f"{part} (n = {max(metric.n for metric in metrics if metric.part == part)})"


def _cell(metric: Metric | None) -> str:
    return f"{metric.value:5.3f} ({metric.low:.3f}-{metric.high:.3f})" if metric else "none"


def lines_of_baseline(baseline: Baseline | None) -> Iterator[str]:
    """The baseline's area on the test part, and how much larger the network's is; no line without one."""
    if baseline is None:
        return
    area, pair = baseline.auc, baseline.less
    yield (
        f"{baseline.name}, nothing fitted to CAD: auc {area.value:.3f} ({area.low:.3f}-{area.high:.3f}) on test; the "
        f"network's less it {pair.difference:+.3f} ({pair.low:+.3f} to {pair.high:+.3f})"
    )


def lines_of_clinical(contract: Contract) -> Iterator[str]:
    """The fused score of a model with clinical columns: what it is made of, and its figures; nothing without any."""
    if contract.clinical is None:
        return
    yield f"with clinical columns ({', '.join(contract.clinical.names)}), the score that answers:"
    for name, words in clinical_rows(contract.clinical, contract.positive):
        yield from textwrap.wrap(f"{name}: {words}", 118, initial_indent="  ", subsequent_indent="      ")
    yield from lines_of_figures(contract.fused)


def line_of_familiarity(limits: Familiarity | None) -> str:
    """What a run knows of how like its training scans a scan is; without it, how many patients it takes."""
    least = "" if limits else f"; it takes {LEAST_PATIENTS} patients outside the test part"
    return f"familiarity: {words_about(limits)}{least}"
