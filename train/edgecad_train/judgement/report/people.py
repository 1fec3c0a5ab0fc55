"""Tables of readers and of a recalibration, as the page wants them."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad_train.evaluation.readers import words as readers
from edgecad_train.evaluation.readers.study import ReaderStudy
from edgecad_train.evaluation.recalibration import words as recalibration
from edgecad_train.evaluation.recalibration.judging import RecalibrationJudged
from edgecad_train.report.groups import WordTable
from edgecad_train.report.wording import Row


def reader_tables(study: ReaderStudy) -> tuple[tuple[WordTable, ...], tuple[str, ...]]:
    """The tables that have a row, and what may be read from them."""
    grids = (
        WordTable(
            "Each reader, and the model on the patients that this reader read; with 95 % intervals.",
            readers.READER_HEADS,
            tuple(readers.reader_rows(study)),
        ),
        WordTable("Paired differences.", readers.READER_DIFFERENCE_HEADS, tuple(readers.reader_difference_rows(study))),
        WordTable(
            "Agreement of every two, with 95 % intervals.",
            readers.AGREEMENT_HEADS,
            tuple(readers.agreement_rows(study)),
        ),
    )
    return tuple(grid for grid in grids if grid.cells), readers.sentences_about_readers(study)


@dataclass(frozen=True)
class RecalibrationTable:
    """What was found and done, figures before and after, and what follows."""

    facts: tuple[Row, ...]
    figures: WordTable
    sentences: tuple[str, ...]


def recalibration_table(judged: RecalibrationJudged) -> RecalibrationTable:
    """Rows of what recalibration found; its figures are of patients that it did not use."""
    figures = WordTable(
        "Before and after, judged on patients that the recalibration did not use; with 95 % intervals.",
        recalibration.RECALIBRATED_HEADS,
        tuple(recalibration.recalibrated_figure_rows(judged)),
    )
    return RecalibrationTable(
        recalibration.recalibration_rows(judged), figures, recalibration.sentences_about_recalibration(judged)
    )
