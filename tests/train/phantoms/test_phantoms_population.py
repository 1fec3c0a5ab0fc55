"""Who the patients are: prevalence, reader noise, defects and the segments that they hit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from edgecad.polarmap.segments import segment_means, segments_of
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.phantoms import PALETTES, PhantomPatient, draw_patient, percent_map
from edgecad_train.phantoms.population import KINDS, READER_THRESHOLD, call_chance, labelled_by, noiseless_label

COUNT = 1000


@cache
def _population() -> tuple[PhantomPatient, ...]:
    return tuple(draw_patient(9, index) for index in range(COUNT))


def test_prevalence_and_reader_noise_are_those_of_a_reading_room() -> None:
    labels = np.array([patient.label for patient in _population()])
    without_noise = np.array([noiseless_label(patient.deficit) for patient in _population()])
    assert 0.4 < (labels == "CAD").mean() < 0.7
    assert 0.02 < (labels != without_noise).mean() < 0.25


def test_readers_disagree_about_small_deficits_and_not_about_large_ones() -> None:
    wrong = np.array([patient.label != noiseless_label(patient.deficit) for patient in _population()])
    deficits = np.array([patient.deficit for patient in _population()])
    near = np.abs(deficits - READER_THRESHOLD) < 1.5
    assert near.sum() > 50
    assert wrong[near].mean() > 0.15
    assert wrong[deficits > READER_THRESHOLD + 4].mean() < 0.02
    # Some healthy hearts are called CAD, too: no feature can be right about these.
    assert 0 < wrong[deficits == 0].mean() < 0.1


def test_the_true_deficit_is_a_good_but_not_a_perfect_observer() -> None:
    truth = np.array([patient.label == "CAD" for patient in _population()])
    got = auc(truth, np.array([patient.deficit for patient in _population()]))
    assert 0.9 < got.low < got.high < 0.99


@pytest.mark.parametrize(("deficit", "label"), [(0.0, "nonCAD"), (2.4999, "nonCAD"), (2.5, "CAD"), (40.0, "CAD")])
def test_a_reader_without_noise_calls_cad_from_two_and_a_half_percent(deficit: float, label: str) -> None:
    assert noiseless_label(deficit) == label


def test_the_chance_of_a_call_rises_with_the_deficit_through_one_half() -> None:
    chances = [call_chance(deficit) for deficit in np.linspace(0, 20, 81)]
    assert chances == sorted(chances)
    assert chances[0] < 0.1
    assert chances[-1] > 0.99
    assert call_chance(READER_THRESHOLD) == pytest.approx(0.5)


def test_shares_of_the_kinds_come_out_as_written() -> None:
    assert sum(kind.share for kind in KINDS) == pytest.approx(1.0)
    number = np.array([len(patient.defects) for patient in _population()])
    for arteries, share in ((0, 0.30), (1, 0.50)):
        assert (number == arteries).mean() == pytest.approx(share, abs=0.05)
    assert number.max() == 3


def test_each_colour_table_is_drawn_about_equally_often() -> None:
    drawn = [patient.palette for patient in _population()]
    assert all(drawn.count(name) / COUNT == pytest.approx(1 / len(PALETTES), abs=0.05) for name in PALETTES)


def test_a_heart_without_defects_has_no_deficit_and_no_segment() -> None:
    for patient in _population():
        if not patient.defects:
            assert (patient.deficit, patient.extent, patient.severity) == (0.0, 0.0, 0.0)
            assert patient.segments == patient.territories == ()
        else:
            assert 0 < patient.deficit < 100 * patient.severity
            assert len(set(patient.territories)) == len(patient.territories)


def test_one_arterys_defect_lies_mostly_in_that_arterys_segments() -> None:
    hits = [(p.territories[0], p.segments) for p in _population() if len(p.defects) == 1 and p.segments]
    own = sum(len(set(segments) & set(segments_of(territory))) for territory, segments in hits)
    every = sum(len(segments) for _, segments in hits)
    assert len(hits) > 300
    # By chance it would be about a third.
    assert own / every > 0.7


def test_segments_named_hit_are_those_where_the_map_lost_uptake() -> None:
    chosen = [p for p in _population() if p.segments and len(p.segments) < 17 and p.severity > 0.3][:40]
    for patient in chosen:
        hit = np.isin(np.arange(1, 18), patient.segments)
        bare = segment_means(percent_map(replace(patient, defects=()), 128))
        left = segment_means(percent_map(patient, 128)) / bare
        assert left[hit].mean() < left[~hit].mean() - 0.03, patient.patient
        assert int(np.argmin(left)) + 1 in patient.segments, patient.patient


def test_a_patient_is_never_the_same_twice() -> None:
    assert len({patient.patient for patient in _population()}) == COUNT
    assert len({patient.uptake.counts for patient in _population()}) == COUNT


def test_by_an_arterys_rule_cad_is_a_defect_in_its_territory_and_nothing_else_changes() -> None:
    drawn = [draw_patient(4, index) for index in range(60)]
    assert [labelled_by("deficit", patient) for patient in drawn] == drawn
    labelled = [labelled_by("LAD", patient) for patient in drawn]
    assert [own.label == "CAD" for own in labelled] == ["LAD" in patient.territories for patient in drawn]
    assert [own.deficit for own in labelled] == [patient.deficit for patient in drawn]
    assert {own.label for own in labelled} == {"CAD", "nonCAD"}
    assert [own.label for own in labelled] != [patient.label for patient in drawn]
