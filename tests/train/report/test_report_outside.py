"""The share of evidence outside the disc, against what an even spread has there."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad_train.report.outside import CLEAR_BELOW, NO_PREFERENCE, outside_evidence, outside_warnings


@pytest.mark.parametrize("cells", [5, 7, 10, 14])
def test_an_even_spread_is_the_reference(cells: int) -> None:
    assert share_outside_disc(np.ones((cells, cells))) == pytest.approx(NO_PREFERENCE, abs=0.003)


@pytest.mark.parametrize(("ratio", "share"), [(1.25, DOUBTED_FROM), (2.0, CLEAR_BELOW)])
def test_bounds_are_the_shares_of_maps_that_hold_so_much_more_in_the_disc(ratio: float, share: float) -> None:
    axis = np.linspace(-1, 1, 401)
    inside = axis[:, None] ** 2 + axis[None, :] ** 2 <= 1
    assert share_outside_disc(np.where(inside, ratio, 1.0)) == pytest.approx(share, abs=0.003)


@pytest.mark.parametrize(
    ("shares", "words", "doubted"),
    [
        ((0.05, 0.10), "largest 10.0%, 2 maps, 0 of them at or beyond 18%: a clear preference", False),
        ((0.05, 0.25), "largest 25.0%, 2 maps, 1 of them at or beyond 18%: a weak preference", False),
        ((0.20, 0.24, 0.17), "largest 24.0%, 3 maps, 2 of them at or beyond 18%: HARDLY A PREFERENCE", True),
    ],
)
def test_a_share_is_judged(shares: tuple[float, ...], words: str, doubted: bool) -> None:
    one = outside_evidence([f"p{number}" for number in range(len(shares))], shares)
    assert words in one.words
    assert one.words.startswith(f"mean {np.mean(shares):.1%} (95 % {one.low:.1%} to {one.high:.1%}, {len(shares)} pat")
    assert one.doubted == doubted
    assert len(outside_warnings({"test part": one})) == int(doubted)


def test_the_patient_is_the_unit_of_the_interval() -> None:
    shares = [0.05, 0.2, 0.1, 0.15, 0.12, 0.08] * 10
    alone = outside_evidence([str(number) for number in range(60)], shares)
    six = outside_evidence([str(number % 6) for number in range(60)], shares)
    assert (alone.n, six.n) == (60, 6)
    assert alone.mean == pytest.approx(six.mean)
    assert six.high - six.low > 2 * (alone.high - alone.low)
    assert alone.low < alone.mean < alone.high


def test_warnings_name_the_part_and_what_an_even_spread_would_have() -> None:
    parts = {"test part": outside_evidence(["a"], [0.4]), "validation part": outside_evidence(["a"], [0.1])}
    (told,) = outside_warnings(parts)
    assert told.startswith("HEAT MAPS TO BE DOUBTED, test part: 40%")
    assert "21%" in told
