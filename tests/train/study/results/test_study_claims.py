"""What a study may claim, by which runs there are: never more than they support, and in the words of that claim."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from fake_study import fake_plan, fake_run

from edgecad_train.evaluation.claims.own import PATIENTS, TRAINING
from edgecad_train.evaluation.statistics.comparison import compare_auc
from edgecad_train.evaluation.statistics.intervals import ONE_CASE
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.results.claims import claims_of, reference_rows
from edgecad_train.study.results.claims_words import (
    network_sentences,
    p_words,
    seen_words,
    strategy_sentences,
    verdicts,
)
from edgecad_train.study.results.picture import draw_table
from edgecad_train.study.results.pooling import pooled
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.study_table import StudyTable, study_table
from edgecad_train.study.results.table import markdown
from edgecad_train.study.results.table_csv import csv_text, pairs_text
from edgecad_train.study.results.unit_run import UnitRun

Rows = Callable[..., tuple[Study, list[Row]]]
Scored = Callable[[Row, UnitRun], np.ndarray]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """A study and its rows, all done."""

    def made(**changes: object) -> tuple[Study, list[Row]]:
        plan = fake_plan(**changes)
        return plan.study, [
            _row([fake_run(plan, unit, tmp_path) for unit in units]) for units in plan.study.rows().values()
        ]

    return made


def _row(runs: Sequence[UnitRun]) -> Row:
    return Row(tuple(run.unit for run in runs), tuple(runs), 0, pooled(runs) if runs else (), None, None)


def scored(rows: Sequence[Row], score: Scored) -> list[Row]:
    """The same rows with other scores."""
    return [
        _row([replace(run, tested=replace(run.tested, scores=score(row, run))) for run in row.runs]) for row in rows
    ]


def kept(row: Row, runs: Sequence[int]) -> Row:
    """A row of which only some runs are done."""
    return replace(row, runs=tuple(row.runs[index] for index in runs))


def written(table: StudyTable, tmp_path: Path) -> str:
    """All that is written and drawn of a table, and nothing that is not a number."""
    text = markdown(table) + "\n".join(verdicts(table)) + csv_text(table) + pairs_text(table)
    assert "nan" not in text
    assert " inf" not in text
    assert cv2.imread(str(draw_table(table, tmp_path / "table.png"))).std() > 5
    return text


def by_quality(draw: np.random.Generator, better: str, gain: float, rest: float = 0.0) -> Scored:
    """One strategy separates the classes much better than the others, which know nothing, or less."""

    def score(row: Row, run: UnitRun) -> np.ndarray:
        apart = gain if row.variant == better else rest
        return 1 / (1 + np.exp(-(draw.normal(size=len(run.tested.truth)) + apart * np.where(run.tested.truth, 1, -1))))

    return score


def test_a_strategy_that_is_much_better_is_told_and_one_that_is_not_is_not(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=6, strategies=("scratch", "warm-up", "two-stage"), rates="uniform")
    table = study_table(study, scored(plain, by_quality(np.random.default_rng(0), "two-stage", 8.0)))
    told = strategy_sentences(table)
    assert told[0].startswith("shown to be worse than two-stage on the same network: ")
    assert told[0].count("scratch") == told[0].count("warm-up") == 2
    assert told[1].startswith(
        "any of these may be the best: mobilenetv2, two-stage; resnet50v2, two-stage; shown to be"
    )
    text = written(table, tmp_path)
    assert "| no, shown to be worse |" in text
    assert "no row is shown" not in text
    lines = list(csv.DictReader(io.StringIO(csv_text(table))))
    assert [line["may_be_best"] for line in lines] == ["False", "False", "True"] * 2
    for line in lines:
        if line["strategy"] != "two-stage":
            assert float(line["strategy_p_adjusted_over_all_references"]) < 0.05
            assert float(line["strategy_seen_8_times_in_10_from"]) > 0.02


def test_one_strategy_above_all_others_on_one_network_is_named_with_what_that_is_worth(rows: Rows) -> None:
    study, plain = rows(seeds=6, rates="uniform")
    own = scored(plain[:3], by_quality(np.random.default_rng(1), "scratch", 9.0))
    told = strategy_sentences(study_table(study, own))
    assert told == (
        "shown to be better than two-stage on the same network: scratch",
        told[1],
        "scratch is shown to be better than every other row; picked on these patients, its figures are too good",
    )
    assert told[1].startswith("not shown to differ from two-stage: warm-up; a difference in AUC of 0.")
    assert told[1].endswith("would have been seen 8 times in 10")


def test_one_run_says_nothing_of_strategies_and_the_networks_are_compared_by_delong(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=1, rates="uniform")
    table = study_table(study, plain)
    assert strategy_sentences(table) == (
        "nothing is claimed about strategies: there is one run of each row, so that it is not known what another "
        "training would change",
    )
    claims = table.claims
    assert (claims.best, claims.against, len(claims.networks)) == (None, (), 15)
    first, second = plain[0].runs[0].tested, plain[1].runs[0].tested
    wanted = compare_auc(first.truth, first.answers.ranked, second.answers.ranked)
    assert claims.networks[0].p_value == pytest.approx(wanted.p_value)
    assert "better" not in "\n".join(verdicts(table))
    assert "may be the best" not in written(table, tmp_path)
    for row in table.rows:
        area = row.metric("auc")
        assert area is not None
        assert area.method.endswith(PATIENTS)


def test_over_several_runs_the_interval_of_the_area_holds_training(rows: Rows) -> None:
    study, plain = rows(seeds=3)
    for row in study_table(study, plain).rows:
        area = row.metric("auc")
        assert area is not None
        assert area.method.endswith(TRAINING)
        assert area.low < area.value < area.high


def test_folds_have_seeds_of_their_own_and_runs_that_share_one_say_nothing_of_strategies(rows: Rows) -> None:
    study, plain = rows(seeds=1, folds=4)
    assert claims_of(study, plain).best is not None

    def same_seed(run: UnitRun) -> UnitRun:
        settings = replace(run.unit.settings, seed=0)
        return replace(run, unit=msgspec.structs.replace(run.unit, settings=settings))

    old = [replace(row, runs=tuple(map(same_seed, row.runs))) for row in plain]
    table = study_table(study, old)
    assert table.claims.best is None
    assert "runs of a row share a seed" in strategy_sentences(table)[0]
    assert len(table.claims.networks) == 28
    area = table.rows[0].metric("auc")
    assert area is not None
    assert area.method.endswith(PATIENTS)


def test_rows_are_compared_over_runs_that_all_have_and_one_with_too_few_is_left_out(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=5, rates="uniform")
    some = [plain[0], kept(plain[1], [0, 1, 2, 4]), kept(plain[2], [0, 1, 4]), kept(plain[3], [2]), *plain[4:]]
    claims = claims_of(study, some)
    assert claims.runs == ("seed 0", "seed 1", "seed 4")
    assert (claims.rows, claims.left_out) == ((0, 1, 2, 4, 5), (3,))
    assert claims.areas is not None
    assert claims.areas.each.shape == (5, 3)
    text = written(study_table(study, some), tmp_path)
    assert "left out, because they share too few runs with the others: resnet50v2, scratch" in text


def test_a_reference_that_is_not_done_leaves_its_rows_without_a_comparison(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=3, rates="uniform")
    some = [*plain[:5], kept(plain[5], [])]
    table = study_table(study, some)
    assert {own.row for own in table.claims.against} == {0, 1}
    assert "| resnet50v2 | scratch | no reference |" in written(table, tmp_path)


def test_a_study_without_the_reference_still_tells_which_may_be_best(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=3, strategies=("scratch", "warm-up"))
    table = study_table(study, plain)
    assert table.claims.against == ()
    assert strategy_sentences(table)[0].startswith("no row is compared with a reference")
    assert "no row is shown to be better than another" in written(table, tmp_path)


def test_the_reference_is_the_one_that_the_study_names(rows: Rows) -> None:
    study, plain = rows(seeds=2, reference="warm-up")
    assert reference_rows(study, plain) == {0: 1, 1: 1, 2: 1, 3: 1, 4: 5, 5: 5, 6: 5, 7: 5}
    study, plain = rows(seeds=2, rates="layer-wise")
    assert reference_rows(study, plain) == {0: 2, 1: 2, 2: 2, 3: 5, 4: 5, 5: 5}


def test_runs_that_are_all_perfect_claim_nothing_and_do_not_pretend_to_have_seen_little(
    rows: Rows, tmp_path: Path
) -> None:
    study, plain = rows(seeds=3)
    table = study_table(study, scored(plain, lambda row, run: np.where(run.tested.truth, 0.9, 0.1)))
    text = written(table, tmp_path)
    assert "no row is shown to be better than another; no variance was seen" in text
    assert "0.000 would have been seen" not in text
    assert not any(own.claimed for own in table.claims.against)
    assert not any(own.claimed for own in table.claims.networks)
    for row in table.rows:
        area = row.metric("auc")
        assert area is not None
        assert (area.value, area.high) == (1.0, 1.0)
        assert area.low < 0.97


def test_rows_that_are_exactly_alike_do_not_differ(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=3, rates="uniform")
    pairs = zip(plain[1].runs, plain[0].runs, strict=True)
    alike = [plain[0], _row([replace(run, tested=other.tested) for run, other in pairs]), *plain[2:]]
    table = study_table(study, alike)
    pair = table.claims.networks[0]
    assert (pair.value, pair.adjusted, pair.claimed) == (0.0, 1.0, False)
    written(table, tmp_path)


def test_a_class_of_one_patient_claims_nothing_and_says_why(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=2, rates="uniform")

    def one_left(run: UnitRun) -> UnitRun:
        tested = run.tested
        first = np.flatnonzero(~tested.truth)[0]
        own = tested.truth | (np.arange(len(tested.truth)) == first)
        names = tuple(name for name, inside in zip(tested.patients, own, strict=True) if inside)
        part = replace(tested, patients=names, truth=tested.truth[own], scores=tested.scores[own])
        return replace(run, tested=part)

    table = study_table(study, [_row([one_left(run) for run in row.runs]) for row in plain])
    assert verdicts(table) == (
        "strategies: nothing is claimed: a class has 1 patients in a test part; a variance needs two",
    )
    area = table.rows[0].metric("auc")
    assert area is not None
    assert (area.low, area.high, area.method) == (0.0, 1.0, ONE_CASE)
    written(table, tmp_path)


def test_one_row_is_compared_with_nobody(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=3)
    table = study_table(study, plain[:1])
    assert verdicts(table) == ()
    area = table.rows[0].metric("auc")
    assert area is not None
    assert area.method.endswith(TRAINING), "from its own runs"
    assert "Is a strategy better" not in written(table, tmp_path)


def test_networks_that_differ_are_told_as_networks_and_not_as_strategies(rows: Rows, tmp_path: Path) -> None:
    study, plain = rows(seeds=1, folds=None, rates="uniform")
    table = study_table(study, scored(plain, by_quality(np.random.default_rng(3), "two-stage", 9.0, -2.0)))
    (told,) = network_sentences(table)
    assert told.startswith("as trained here, the networks of ")
    assert told.endswith("another training may change that")
    assert "## Do the trained networks differ?" in written(table, tmp_path)
    assert "nothing is claimed about strategies" in strategy_sentences(table)[0]


def test_a_p_value_is_never_nought() -> None:
    assert [p_words(value) for value in (None, 0.0, 0.00025, 0.0443, 1.0)] == [
        "no test", "< .001", "< .001", "0.044", "1.000",
    ]  # fmt: skip


def test_no_difference_is_told_that_two_areas_cannot_have() -> None:
    assert seen_words(0.4) == "0.400"
    assert seen_words(1.568) == "more than there can be"
    assert seen_words(None) == "not known"
