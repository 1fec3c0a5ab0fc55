"""Groups in rows of tables, the same on a terminal and on a page, and what may be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad_train.evaluation.subgroups.figures import FigureName, GroupDifference, GroupedColumn, GroupFigure

GROUP_HEADS = ("group", "patients", "CAD", "AUC", "sensitivity", "specificity", "prevalence", "mean score")
DIFFERENCE_HEADS = ("group", "less", "figure", "difference", "95 % interval")
FIGURES: dict[FigureName, str] = {
    "auc": "AUC", "sensitivity_cad": "sensitivity", "specificity_cad": "specificity", "prevalence": "prevalence",
    "mean_score": "mean score",
}  # fmt: skip
TOO_FEW = "too few"


def group_rows(column: GroupedColumn) -> Iterator[tuple[str, ...]]:
    """A row a group, as `GROUP_HEADS`."""
    for group in column.groups:
        yield (group.name, str(group.n), str(group.positives), *(_cell(group.figure(name)) for name in FIGURES))


def difference_rows(column: GroupedColumn) -> Iterator[tuple[str, ...]]:
    """A row a difference, as `DIFFERENCE_HEADS`."""
    for one in column.differences:
        interval = f"{one.low:+.3f} to {one.high:+.3f}"
        yield (one.group, one.reference, FIGURES[one.figure], f"{one.difference:+.3f}", interval)


def reason_rows(column: GroupedColumn) -> Iterator[tuple[str, ...]]:
    """Group, figure, and why there is none: a row a figure that cannot be given."""
    for group in column.groups:
        yield from ((group.name, FIGURES[one.figure], one.reason) for one in group.figures if one.value is None)


def sentences_about_groups(columns: Sequence[GroupedColumn]) -> tuple[str, ...]:
    """What may be read from groups, and what not; nothing where there are none."""
    if not any(column.groups for column in columns):
        return ()
    return tuple(_sentences([one for column in columns for one in column.differences]))


def _sentences(differences: Sequence[GroupDifference]) -> Iterator[str]:
    yield (
        "Say in the paper whether these groups were planned before the data were seen: EdgeCAD cannot know. Each group "
        "is small beside all patients, so that its intervals are wide, and a difference that is there may not be seen."
    )
    if not differences:
        yield "No two groups of a column have patients enough to be compared."
        return
    apart = sum(one.leaves_out_nought for one in differences)
    expected = 0.05 * len(differences)
    yield (
        f"{len(differences)} {'difference' if len(differences) == 1 else 'differences'} between groups, each with an "
        f"interval of its own: {apart} {'leaves' if apart == 1 else 'leave'} out 0, and where no group differs about "
        f"{expected:.2g} would by chance. The intervals are not adjusted for their number; one that leaves out 0 is a "
        "question for other patients, and no finding."
    )


def _cell(figure: GroupFigure | None) -> str:
    if figure is None or figure.value is None:
        return TOO_FEW
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"
