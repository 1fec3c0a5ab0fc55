"""The line below every picture: whose it is, whole but for two names, and nothing else of the scan anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edgecad import Classifier
from edgecad.answer.records import Record
from edgecad.inference.answering import answer
from edgecad.picture.colours import GROUND
from edgecad.picture.figure import answer_figure, refusal_figure
from edgecad.picture.letters import CUT
from edgecad.picture.line import line_of
from edgecad.picture.page import RULE, time_words

from .gallery import CONTRACT, LINE, LONG, answered, refused

Pixels = np.ndarray


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Classifier:
    return Classifier(model_folder, device="cpu")


def test_the_line_says_id_hash_time_model_its_hash_precision_and_device(drawn_words: list[str]) -> None:
    record = refused("the screen is blank", frame=2)
    for draw in (
        lambda: answer_figure(answered(0.91), CONTRACT, dataclasses.replace(LINE, frame=2, identity="study 0420")),
        lambda: refusal_figure(record, line_of(record, CONTRACT.name)),
    ):
        drawn_words.clear()
        draw()
        assert {"study 0420", "frame 2", "2026-11-29 13:41:07 +00:00", f"model {CONTRACT.name} (cfa82804)",
                "fp32 cpu"} <= set(drawn_words)  # fmt: skip
        assert {"scan daf97cbc", "scan d458f73c"} & set(drawn_words)


def test_what_is_not_there_is_left_out_or_said(drawn_words: list[str]) -> None:
    bare = dataclasses.replace(LINE, identity=None, time=None, scan_sha256=None)
    refusal_figure(refused("the file is empty"), bare)
    assert "scan not read" in drawn_words
    assert not any("2026-" in words for words in drawn_words if "model" not in words)


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-11-29T13:41:07.123456Z", "2026-11-29 13:41:07 +00:00"),
        ("2026-11-29T13:41:07+00:00", "2026-11-29 13:41:07 +00:00"),
        ("2026-11-29T13:41:07-05:30", "2026-11-29 13:41:07 -05:30"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_time_is_written_to_the_second_with_its_zone(time: str, words: str) -> None:
    assert time_words(time) == words


@pytest.mark.parametrize("seed", range(25))
def test_only_id_and_name_of_the_model_are_cut_and_nothing_collides(drawn_words: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    letters = list("ABCWil 0123456789-_äễ患")
    identity, model = ("".join(rng.choice(letters, rng.integers(1, 257))).strip() or "x" for _ in range(2))
    line = dataclasses.replace(LINE, identity=identity, model=model, device=str(rng.choice(["cpu", "tensorrt-rtx:12"])),
                               frame=None if seed % 2 else 999)  # fmt: skip
    picture = answer_figure(answered(0.91), CONTRACT, line)
    below = drawn_words[: drawn_words.index("CAD")]
    assert {"scan daf97cbc", "2026-11-29 13:41:07 +00:00", f"fp32 {line.device}"} <= set(below)
    named = next(words for words in below if words.startswith("model "))
    assert named.endswith(" (cfa82804)")
    assert ("frame 999" in below) == (line.frame is not None)
    for whole, shown in ((identity, below[1]), (model, named[6:-11])):
        first, mark, last = shown.partition(CUT)
        assert (whole == shown) if not mark else (whole.startswith(first) and whole.endswith(last))
    # A gap stands between what is on the left and what is on the right.
    columns = (picture[RULE + 6 : 896, 40:1560] == np.array(GROUND)).all(axis=(0, 2))
    runs = "".join("." if empty else "#" for empty in columns).strip(".").split("#")
    assert max(map(len, runs)) >= 10


def test_a_short_name_leaves_its_room_to_the_other(drawn_words: list[str]) -> None:
    answer_figure(answered(0.91), CONTRACT, dataclasses.replace(LINE, identity="7", model=LONG[:50]))
    assert f"model {LONG[:50]} (cfa82804)" in drawn_words


@pytest.mark.parametrize("identity", ["Patient Ü-7", "患者 12", "\x00\n", "🫀", "x" * 4000, " ", "\ud800"])
def test_any_name_for_a_scan_can_be_drawn_and_shows(identity: str) -> None:
    named = dataclasses.replace(LINE, identity=identity)
    bare = dataclasses.replace(LINE, identity=None)
    for draw in (
        lambda line: answer_figure(answered(0.91), CONTRACT, line),
        lambda line: refusal_figure(refused("Größe " * 200), line),
    ):
        one, other = draw(named), draw(bare)
        assert (one[:RULE] == other[:RULE]).all(), "only the line says whose it is"
        assert (one[RULE:] != other[RULE:]).any() == bool(identity.strip())


def test_a_picture_is_drawn_again_from_its_record(
    classifier: Classifier, phantom_screen: Callable[[int], Pixels]
) -> None:
    outcome = answer(classifier, phantom_screen(3), "scan", draw=True)
    record = msgspec.json.decode(msgspec.json.encode(outcome.record), type=Record)
    prediction = classifier(phantom_screen(3))
    again = answer_figure(prediction, classifier.contract, line_of(record, classifier.contract.name))
    assert outcome.figure is not None
    assert np.array_equal(outcome.figure, again)
    assert np.array_equal(classifier.figure(prediction, record.id, record.time), again)
    later = dataclasses.replace(line_of(record, classifier.contract.name), time="2031-01-01T00:00:00Z")
    other = answer_figure(prediction, classifier.contract, later)
    assert (again[:RULE] == other[:RULE]).all()
    assert (again[RULE:] != other[RULE:]).any()


def test_a_refusal_is_drawn_again_from_its_record(classifier: Classifier) -> None:
    outcome = answer(classifier, np.zeros((600, 800, 3), np.uint8), "scan", draw=True)
    assert outcome.record.status == "refused"
    assert outcome.figure is not None
    assert np.array_equal(
        outcome.figure, refusal_figure(outcome.record, line_of(outcome.record, classifier.contract.name))
    )


def test_nothing_written_beside_the_disc_reaches_the_picture_but_its_hash(
    classifier: Classifier, draw_map: Callable[..., Pixels]
) -> None:
    bare = draw_map()
    written = bare.copy()
    pattern = np.random.default_rng(0).integers(0, 2, (40, 500, 1)).astype(np.uint8) * 255
    written[20:60, 40:540] = pattern
    cv2.putText(written, "DOE JOHN 1950-01-01", (900, 1040), cv2.FONT_HERSHEY_DUPLEX, 1.0, (255,) * 3, 2)
    pictures = [classifier.figure(classifier(screen)) for screen in (bare, written)]
    assert np.array_equal(pictures[0][:RULE], pictures[1][:RULE])
    assert not np.array_equal(*pictures)


def test_what_is_on_the_disc_does_reach_the_picture(classifier: Classifier, draw_map: Callable[..., Pixels]) -> None:
    pictures = [classifier.figure(classifier(draw_map(seed=seed)))[:RULE] for seed in (0, 1)]
    assert not np.array_equal(*pictures)
