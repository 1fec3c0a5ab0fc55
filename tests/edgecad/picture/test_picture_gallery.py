"""Every variant of the picture: whole, the same when drawn again, at any scale, and on any version of OpenCV."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad.picture.canvas import HEIGHT, WIDTH
from edgecad.picture.colours import GROUND
from edgecad.picture.figure import answer_figure

from .gallery import CONTRACT, KEPT, LINE, Draw, answered, kept_parts, variants

ALL = dict(variants())
LEVELS = 12
"""Grey levels by which pictures of two versions of OpenCV may differ."""


@pytest.mark.parametrize("draw", ALL.values(), ids=ALL)
def test_every_variant_is_drawn_within_its_page(draw: Draw) -> None:
    picture = draw(1.0)
    assert (picture.shape, picture.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    ground = np.array(GROUND)
    # Nothing runs into the rule above the line, over the right edge but the needle of a score near 1, or off the page.
    assert (picture[848:857, 30:1570] == ground).all()
    assert (picture[290:850, 1563:1576] == ground).all()
    assert (picture[60:200, 1563:1576] == ground).all()
    assert (picture[896:] == ground).all()


def test_a_picture_drawn_again_from_its_records_time_is_the_same_to_the_byte() -> None:
    first, again = (cv2.imencode(".png", answer_figure(answered(0.91), CONTRACT, LINE))[1] for _ in range(2))
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("scale", [0.5, 1.5, 2.0])
@pytest.mark.parametrize("name", ["above", "forced-below", "unproven-uncertain", "refused"])
def test_any_scale_shows_the_same(name: str, scale: float) -> None:
    scaled, plain = ALL[name](scale), ALL[name](1.0)
    assert scaled.shape == (round(900 * scale), round(1600 * scale), 3)
    small = [cv2.resize(each, (160, 90), interpolation=cv2.INTER_AREA).astype(int) for each in (scaled, plain)]
    assert np.abs(small[0] - small[1]).mean() < 2.5


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 0.1, 100.0])
def test_no_other_scale_is_drawn(scale: float) -> None:
    with pytest.raises(UsageError, match=r"0\.25 to 8 wanted"):
        ALL["above"](scale)


@pytest.mark.parametrize("name", kept_parts())
def test_it_looks_as_it_was_kept_on_whatever_version_of_opencv_this_is(name: str) -> None:
    """Drawn by OpenCV 5.0; `python tests/edgecad/picture/gallery.py --keep` after a change that is meant."""
    drawn = kept_parts()[name]()
    kept = cv2.cvtColor(cv2.imread(str(KEPT / f"{name}.png")), cv2.COLOR_BGR2RGB)
    assert drawn.shape == kept.shape
    assert np.abs(drawn.astype(int) - kept).max() <= LEVELS


def test_kept_pictures_are_those_that_are_compared() -> None:
    assert {path.stem for path in Path(KEPT).glob("*.png")} == set(kept_parts())
