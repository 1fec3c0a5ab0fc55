"""Progress where stderr is a file: a line a stage, and one a minute while a stage lasts."""

from __future__ import annotations

from datetime import datetime

import pytest

from edgecad_train.cli.progress import StageLines, stage_progress


class Clock:
    """Seconds that a test moves on."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _lines() -> tuple[StageLines, Clock, list[str]]:
    said: list[str] = []
    clock = Clock()
    return StageLines(said.append, clock, lambda: datetime(2026, 1, 2, 3, 4, 5)), clock, said


def test_a_short_stage_is_one_line_with_its_figures() -> None:
    lines, _, said = _lines()
    for done in range(1, 4):
        lines("reading", done, 3, "")
    for done in range(1, 6):
        lines("warm-up", done, 5, f"loss 0.{9 - done}")
    lines("warm-up", 5, 5, "once more")
    lines.close()
    assert said == ["03:04:05 reading 3/3", "03:04:05 warm-up 5/5  loss 0.4"]


def test_a_long_stage_shows_life_once_a_minute() -> None:
    lines, clock, said = _lines()
    for done in range(1, 101):
        clock.seconds += 10
        lines("warm-up", done, 100, "")
    assert [line.split()[2] for line in said] == [f"{done}/100" for done in range(7, 100, 6)] + ["100/100"]


def test_a_stage_that_ends_early_is_said_when_the_next_one_begins_or_all_ends() -> None:
    lines, _, said = _lines()
    lines("fold 1", 7, 100, "early")
    lines("fold 2", 3, 100, "")
    assert said == ["03:04:05 fold 1 7/100  early"]
    lines.close()
    lines.close()
    assert said[1:] == ["03:04:05 fold 2 3/100"]


def test_what_has_not_begun_is_silent_until_it_lasts() -> None:
    lines, clock, said = _lines()
    lines("units", 0, 6, "")
    lines.close()
    assert said == []
    clock.seconds = 61
    lines("units", 0, 6, "warm-up 3/100")
    assert said == ["03:04:05 units 0/6  warm-up 3/100"]


def test_the_same_stage_may_come_again() -> None:
    lines, _, said = _lines()
    for _ in range(2):
        for done in (1, 2):
            lines("reading", done, 2, "")
    assert len(said) == 2


@pytest.mark.parametrize(("quiet", "told"), [(True, ""), (False, " reading 1/1\n")])
def test_lines_go_to_stderr_and_quiet_says_nothing(quiet: bool, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    with stage_progress(quiet) as bars:
        bars("reading", 1, 1, "")
    out, err = capfd.readouterr()
    assert out == ""
    assert err[8:] == told
