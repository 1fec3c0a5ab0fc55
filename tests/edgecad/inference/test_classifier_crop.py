"""Answers of models that take whole images, or a region of the screen: what is checked, said, drawn and replayed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract
from edgecad.answer.records import record_of_answer
from edgecad.bench.scenarios import Limit, single_stream
from edgecad.contract import Colours, Preparation, Region
from edgecad.errors import InputRefused
from edgecad.inference.replaying import golden_answers
from edgecad.picture.cells import enlarged_picture
from edgecad.picture.column import MAP_SIDE
from edgecad.picture.figure import MAP_TOP, MAPS

Pixels = np.ndarray
RIGHT_HALF = Region(x=820, y=0, width=820, height=1068, screen_width=1640, screen_height=1068)
WHOLE = Preparation(size=64, crop="none")
IN_REGION = Preparation(size=64, region=RIGHT_HALF)


@pytest.fixture
def opened(tiny_model: Callable[..., bytes], tiny_contract: Contract, tmp_path: Path) -> Callable[..., Classifier]:
    """Export the tiny model, golden answers and all, with changes of its contract, and open it."""

    def build(**changes: Any) -> Classifier:
        path = tmp_path / "model.onnx"
        contract = replace(tiny_contract, **changes)
        path.write_bytes(tiny_model(contract))
        path.write_bytes(tiny_model(replace(contract, golden=golden_answers(path))))
        return Classifier(path, device="cpu")

    return build


@pytest.fixture
def photograph(wrong_screen: Callable[[str], Pixels]) -> Pixels:
    """A picture that is no polar map, wider than high."""
    return wrong_screen("photograph")


def codes(classifier: Classifier, screen: Pixels) -> set[str]:
    return {finding.code for finding in classifier(screen).findings}


def test_a_whole_image_is_answered_as_unchecked(opened: Callable[..., Classifier], photograph: Pixels) -> None:
    answer = opened(preparation=WHOLE)(photograph)
    assert answer.disc is None
    reduced = cv2.resize(photograph, (64, 42), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(answer.image[11:53], reduced)
    said = {finding.code: finding.text for finding in answer.findings}
    assert "NOTHING CHECKED WHAT THE IMAGE SHOWS" in said["picture-unchecked"]
    assert "evidence-outside" not in said


def test_a_polar_map_is_not_said_to_be_unchecked(
    opened: Callable[..., Classifier], phantom_screen: Callable[[int], Pixels]
) -> None:
    assert "picture-unchecked" not in codes(opened(), phantom_screen(0))


def test_colours_of_a_whole_image_are_held_against_training_all_over(opened: Callable[..., Classifier]) -> None:
    """Red in the corners lies outside of every disc."""
    screen = np.full((300, 300, 3), 100, np.uint8)
    screen[100:200, 100:200] = 150
    greys = np.zeros(4096, bool)
    greys[[273 * level for level in range(16)]] = True
    classifier = opened(preparation=WHOLE, colours=Colours(bins=np.packbits(greys).tobytes().hex()))
    assert "colours-unseen" not in codes(classifier, screen)
    corners = np.ones((300, 300), bool)
    cv2.circle(corners.view(np.uint8), (150, 150), 150, 0, -1)
    red = np.where(corners[..., None], np.array([220, 0, 0]), screen).astype(np.uint8)
    finding = next(entry for entry in classifier(red).findings if entry.code == "colours-unseen")
    assert finding.value == pytest.approx(1 - np.pi / 4, abs=0.03)
    assert "of the image" in finding.text


def test_a_whole_image_in_other_colours_is_refused(opened: Callable[..., Classifier], photograph: Pixels) -> None:
    black = np.zeros(4096, bool)
    black[0] = True
    classifier = opened(preparation=WHOLE, colours=Colours(bins=np.packbits(black).tobytes().hex()))
    with pytest.raises(InputRefused, match="of the image has colours") as caught:
        classifier(photograph[300:800, 600:1000])
    assert caught.value.reason == "colours"


def test_the_figure_of_a_whole_image_shows_it_and_calls_it_so(
    opened: Callable[..., Classifier], photograph: Pixels, drawn_words: list[str]
) -> None:
    classifier = opened(preparation=WHOLE)
    answer = classifier(photograph)
    figure = classifier.figure(answer)
    assert "Whole image, as the network saw it" in drawn_words
    assert not any("polar map" in words.lower() or "disc" in words for words in drawn_words)
    assert "Nothing checked what the image shows" in drawn_words
    shown = figure[MAP_TOP : MAP_TOP + MAP_SIDE, MAPS[0] : MAPS[0] + MAP_SIDE]
    np.testing.assert_array_equal(shown, enlarged_picture(answer.image, MAP_SIDE))


def test_the_record_of_a_whole_image_carries_its_finding(opened: Callable[..., Classifier], photograph: Pixels) -> None:
    classifier = opened(preparation=WHOLE)
    record = record_of_answer("scan", classifier(photograph), classifier.contract)
    assert "picture-unchecked" in {finding.code for finding in record.findings}


@pytest.mark.parametrize("preparation", [WHOLE, IN_REGION, replace(IN_REGION, crop="none")])
def test_golden_samples_are_answered_at_export_and_replayed(
    opened: Callable[..., Classifier], preparation: Preparation
) -> None:
    classifier = opened(preparation=preparation)
    assert len(classifier.contract.golden) == 3
    replays = classifier.replay_golden()
    assert all(entry.holds and not entry.skipped for entry in replays)
    assert single_stream(classifier, Limit(runs=1)).runs == 1


def test_a_region_is_obeyed_for_scans_and_left_out_for_golden_samples(
    opened: Callable[..., Classifier], draw_map: Callable[..., Pixels]
) -> None:
    classifier = opened(preparation=IN_REGION)
    left, right = draw_map(420, 540, 350, 0), draw_map(1220, 540, 350, 1)
    both = np.maximum(left, right)
    answer = classifier(both)
    assert answer.disc is not None
    assert answer.disc.x == pytest.approx(1220, abs=1)
    with pytest.raises(InputRefused, match="--map K/N"):
        classifier.replay(both)
    with pytest.raises(InputRefused, match="1640x1068") as caught:
        classifier(right[:1000])
    assert caught.value.reason == "screen-size"
