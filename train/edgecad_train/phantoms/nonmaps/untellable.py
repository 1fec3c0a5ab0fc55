"""What cannot be told from a stress map by one picture: reported with its rates, and counted nowhere."""

from __future__ import annotations

import numpy as np

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.nonmaps.canvas import Field, Rng, moved, plane
from edgecad_train.phantoms.nonmaps.kind import family, family_in_tables
from edgecad_train.phantoms.nonmaps.patients import phantom_map, phantom_patient, same_at_rest
from edgecad_train.phantoms.palettes import colours_from_percent


def _rest(rng: Rng) -> Field:
    """A rest map without a word that says so: defects are milder, or gone."""
    return same_at_rest(phantom_patient(rng), rng.uniform(0, 0.6))


def _mirrored(rng: Rng) -> Field:
    return phantom_map(rng)[:, ::-1]


def _upside_down(rng: Rng) -> Field:
    return phantom_map(rng)[::-1]


def _turned(rng: Rng, degrees: float) -> Field:
    x, y, _, _ = plane()
    turn = np.radians(degrees) * rng.choice((-1, 1))
    return moved(phantom_map(rng), x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn))


def _blended(rng: Rng) -> Field:
    share = rng.uniform(0.3, 0.7)
    return share * phantom_map(rng) + (1 - share) * phantom_map(rng)


def _half_and_half(rng: Rng) -> Field:
    x, y, _, _ = plane()
    turn = rng.uniform(0, 7)
    return np.where(x * np.cos(turn) + y * np.sin(turn) > 0, phantom_map(rng), phantom_map(rng))


def _gamma(rng: Rng) -> Field:
    power = rng.uniform(0.5, 0.75) if rng.random() < 0.5 else rng.uniform(1.3, 2)
    return 100 * (phantom_map(rng) / 100) ** power


def _blackout(rng: Rng) -> Field:
    """What lies below a limit is black."""
    whole = phantom_map(rng)
    return np.where(whole < rng.uniform(40, 60), 0, whole)


def _lower_cut(rng: Rng) -> Field:
    """The table begins at some percent, not at nought."""
    low = rng.uniform(10, 40)
    return np.clip((phantom_map(rng) - low) / (100 - low) * 100, 0, 100)


def _made_grey(rng: Rng, table: ColourTable) -> Field:
    """The screen was saved without colours."""
    weights = np.array((0.299, 0.587, 0.114))
    luminance = colours_from_percent(phantom_map(rng), table) @ weights
    return np.ascontiguousarray(np.rint(luminance)[..., None].repeat(3, axis=2).astype(np.uint8))


def _red_for_blue(rng: Rng, table: ColourTable) -> Field:
    """Red and blue are exchanged: in grey nothing changes."""
    return np.ascontiguousarray(colours_from_percent(phantom_map(rng), table)[..., ::-1])


UNTELLABLE = family("not to be told", {
    "rest-without-words": _rest, "mirrored": _mirrored, "upside-down": _upside_down,
    "turned-by-45": lambda rng: _turned(rng, 45), "turned-by-90": lambda rng: _turned(rng, 90),
    "turned-by-180": lambda rng: _turned(rng, 180), "two-patients-blended": _blended,
    "two-patients-half-and-half": _half_and_half, "gamma": _gamma, "blackout": _blackout, "lower-cut": _lower_cut,
}) + family_in_tables("not to be told", {"made-grey": _made_grey, "red-for-blue": _red_for_blue})  # fmt: skip
