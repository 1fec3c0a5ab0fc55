"""JPEG screens on which something lies over the map, drawn so that about half of them are just refused."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad_train.phantoms import PALETTES, draw_patient, render_screen

Pixels = NDArray[np.uint8]
Rng = np.random.Generator


def near_bounds(seed: int) -> bytes:
    """A phantom's screen as a JPEG, with one kind of overlay or attack whose strength is drawn."""
    rng = np.random.default_rng(seed)
    patient = replace(draw_patient(31, seed % 40), palette=list(PALETTES)[seed % len(PALETTES)])
    screen = render_screen(patient).copy()
    layout = patient.layout
    x, y, radius = layout.centre_x, layout.centre_y, layout.diameter / 2
    KINDS[(seed // len(PALETTES)) % len(KINDS)](screen, x, y, radius, rng)
    quality = int(rng.choice([60, 75, 85, 92, 95]))
    return cv2.imencode(".jpg", screen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def _words(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    ink = tuple(int(value) for value in rng.choice([0, 90, 128, 200, 255], 1).repeat(3))
    for line in range(int(rng.integers(1, 7))):
        place = (int(x - 0.8 * radius), int(y - 0.6 * radius + line * 0.2 * radius))
        scale, width = radius / 330 * rng.uniform(0.5, 1.2), int(rng.integers(1, 4))
        cv2.putText(screen, "DOE JOHN 1950 STRESS AC", place, cv2.FONT_HERSHEY_DUPLEX, scale, ink, width, cv2.LINE_AA)


def _lines(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    ink = tuple(int(value) for value in rng.choice([0, 60, 128, 190, 255], 1).repeat(3))
    width = int(rng.integers(1, 4))
    for share in rng.uniform(0.2, 0.9, int(rng.integers(1, 5))):
        cv2.circle(screen, (int(x), int(y)), int(share * radius), ink, width, cv2.LINE_AA)
    for angle in np.arange(0, 360, 360 / rng.integers(4, 13)):
        way = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        start, end = (np.array([x, y]) + reach * radius * way for reach in (0.25, 0.95))
        cv2.line(screen, tuple(start.astype(int).tolist()), tuple(end.astype(int).tolist()), ink, width, cv2.LINE_AA)


def _window(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    share = rng.uniform(0.02, 0.4)
    left, top = int(x - rng.uniform(0.1, 0.6) * radius), int(y - rng.uniform(0.1, 0.6) * radius)
    part = screen[top : top + int(0.5 * radius), left : left + int(0.6 * radius)]
    part[:] = ((1 - share) * part + share * rng.choice([0, 128, 255])).astype(np.uint8)


def _spot(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    middle = (int(x + rng.uniform(-0.5, 0.5) * radius), int(y + rng.uniform(-0.5, 0.5) * radius))
    level = int(rng.choice([0, 128, 255]))
    cv2.circle(screen, middle, int(rng.uniform(0.01, 0.06) * radius) + 1, (level,) * 3, -1, cv2.LINE_AA)


def _grain(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    reach = int(radius)
    part = screen[int(y) - reach : int(y) + reach, int(x) - reach : int(x) + reach]
    noise = rng.normal(0, rng.uniform(4, 26), part.shape[:2]).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.3, 2.5))
    held = part.max(axis=2, keepdims=True) > 0
    part[:] = np.where(held, (part + noise[..., None]).clip(0, 255), part).astype(np.uint8)


def _stripes(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    """A raster of every second or third row: half the size averages it away."""
    reach, step = int(0.7 * radius), int(rng.integers(2, 4))
    part = screen[int(y) - reach : int(y) + reach : step, int(x) - reach : int(x) + reach]
    part[:] = (part * rng.uniform(0.6, 0.97)).astype(np.uint8)


def _steps(screen: Pixels, x: float, y: float, radius: float, rng: Rng) -> None:
    reach, step = int(radius) - 4, int(rng.integers(6, 40))
    part = screen[int(y) - reach : int(y) + reach, int(x) - reach : int(x) + reach]
    part[:] = np.where(part > 0, (part // step) * step + step // 2, part).clip(0, 255).astype(np.uint8)


def round_glare(patient: int, share: float, place: tuple[float, float], size: float) -> bytes:
    """A phantom's screen in grey as a JPEG, a white disc shining through the map: it stays on the table.

    Args:
        share: of white in it.
        place: of its middle, from the map's, in radii.
        size: its radius, in radii of the map.
    """
    phantom = replace(draw_patient(31, patient), palette="grey")
    screen, layout = render_screen(phantom).copy(), phantom.layout
    radius = layout.diameter / 2
    white = cv2.circle(
        np.zeros(screen.shape[:2], np.uint8),
        (int(layout.centre_x + place[0] * radius), int(layout.centre_y + place[1] * radius)),
        int(size * radius), 255, -1, cv2.LINE_AA,
    )  # fmt: skip
    share_of_white = share * white[..., None] / 255.0
    shown = np.rint(screen * (1 - share_of_white) + 255 * share_of_white).astype(np.uint8)
    return cv2.imencode(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()


KINDS = (_words, _lines, _window, _spot, _grain, _stripes, _steps)
