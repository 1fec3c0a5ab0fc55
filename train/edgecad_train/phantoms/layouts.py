"""Where a screen's parts stand, and what its text line says. All names are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from edgecad_train.phantoms.patient import Corner, Layout, PhantomPatient

WIDTH, HEIGHT = 1640, 1068

MARGIN = 24
"""Free pixels between the disc and the screen's sides, and around the text line."""
TEXT_BAND = 84
"""Height in pixels at the top and at the bottom that is kept for the text line."""
DIAMETERS = (480, 880)
"""Smallest and largest disc, pixels; the real screen's is 860."""
SIDEWAYS = 260
"""How far the disc may stand from the middle of the screen, pixels."""

BAR_WIDTH, BAR_GAP = 26, 56
"""The colour bar's width, and its distance from the disc, pixels."""

CORNERS: tuple[Corner, ...] = ("top-left", "top-right", "bottom-left", "bottom-right")
IMAGE_TYPES = (
    "STRESS AC  SHORT AXIS POLAR MAP",
    "STRESS AC  LV PERFUSION",
    "STRESS CTAC  POLAR MAP",
    "STR AC TC-99M  BULLSEYE",
    "STRESS (AC)  17 SEGMENTS",
)
MACHINES = ("NM/CT 670", "SPECT/CT 16", "GAMMA DUO", "CARDIO 24", "CAMERA 2", "NM ROOM 3")
TIME_FORMATS = ("%Y-%m-%d  %H:%M", "%d.%m.%Y  %H:%M", "%d/%m/%y  %H:%M:%S")

_FIRST_DAY = datetime(2018, 1, 2, 7, 30)
_DAYS = 2000
_MINUTES_A_DAY = 600


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[rng.integers(len(choices))]


def draw_text(rng: np.random.Generator) -> str:
    """Draw a text line: PHANTOM, image type, time and machine."""
    image_type = _pick(rng, IMAGE_TYPES)
    moment = _FIRST_DAY + timedelta(
        days=int(rng.integers(_DAYS)),
        minutes=int(rng.integers(_MINUTES_A_DAY)),
        seconds=int(rng.integers(60)),
    )
    time = moment.strftime(_pick(rng, TIME_FORMATS))
    return f"PHANTOM  {image_type}  {time}  {_pick(rng, MACHINES)}"


def draw_layout(places: np.random.Generator, words: np.random.Generator) -> Layout:
    """Draw disc, text and colour bar so that they lie on the screen and apart from one another."""
    diameter = int(places.integers(DIAMETERS[0], DIAMETERS[1] + 1))
    half = (diameter + 1) // 2
    sideways = int(places.integers(-SIDEWAYS, SIDEWAYS + 1))
    return Layout(
        diameter=diameter,
        centre_x=WIDTH // 2 + sideways,
        centre_y=int(places.integers(TEXT_BAND + half, HEIGHT - TEXT_BAND - half + 1)),
        text=draw_text(words),
        text_corner=CORNERS[places.integers(len(CORNERS))],
        text_scale=float(places.uniform(0.65, 0.95)),
        colour_bar=bool(places.random() < 0.5),
    )


def with_text_over_disc(patient: PhantomPatient) -> PhantomPatient:
    """Return the same patient with the text line drawn over the disc, for tests of what removes text."""
    return replace(patient, layout=replace(patient.layout, text_over_disc=True))
