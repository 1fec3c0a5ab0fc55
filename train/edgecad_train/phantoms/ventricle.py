"""A left ventricle's wall as rings from apex to base, and the way from it to a disc.

Maps of the wall are `(RINGS, ANGLES)`: ring 0 lies at the apex, column 0 at 3 o'clock, columns go
counter-clockwise. Blur and noise are worked out here, in millimetres of wall, because on the disc a
millimetre around the base is three times as wide as one at the apex.

The wall is a hemisphere (apex) and a cylinder: mid-wall radius 30 mm, 100 mm along the wall from apex to
base, an adult ventricle of ordinary size. It is the same for all phantoms: size is not simulated.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.polarmap.segments import disc_coordinates

Wall = npt.NDArray[np.float64]

RINGS, ANGLES = 48, 96
WALL_LENGTH_MM = 100.0
WALL_RADIUS_MM = 30.0
FWHM_PER_SIGMA = 2.3548

_PAD = 12


@lru_cache(maxsize=1)
def wall_coordinates() -> tuple[Wall, Wall]:
    """Return arc (share, apex 0 to base 1) as `(RINGS, 1)` and angle (degrees) as `(1, ANGLES)`."""
    arc = (np.arange(RINGS) + 0.5) / RINGS
    return arc[:, None], np.asarray(np.arange(ANGLES) * (360.0 / ANGLES), np.float64)[None, :]


@lru_cache(maxsize=1)
def ring_radius_mm() -> Wall:
    """Return the distance of each ring from the long axis in mm, `(RINGS, 1)`."""
    arc, _ = wall_coordinates()
    along = np.minimum(arc * WALL_LENGTH_MM / WALL_RADIUS_MM, np.pi / 2)
    return WALL_RADIUS_MM * np.sin(along)


@lru_cache(maxsize=1)
def cell_area_cm2() -> Wall:
    """Return the area of one cell of each ring in square centimetres, `(RINGS, 1)`."""
    length = WALL_LENGTH_MM / RINGS
    return length * ring_radius_mm() * (2 * np.pi / ANGLES) / 100.0


def wall_mean(wall: Wall) -> float:
    """Return the mean of a `(RINGS, ANGLES)` map over the wall's area."""
    area = np.broadcast_to(cell_area_cm2(), wall.shape)
    return float(np.average(wall, weights=area))


def _past_the_apex(wall: Wall) -> Wall:
    """Put the rings of the opposite side before ring 0, and repeat the base after the last."""
    opposite = np.roll(wall[:_PAD][::-1], ANGLES // 2, axis=1)
    return np.concatenate([opposite, wall, np.repeat(wall[-1:], _PAD, axis=0)])


def blur(wall: Wall, fwhm_mm: float) -> Wall:
    """Blur a `(RINGS, ANGLES)` map along the wall with a Gaussian of `fwhm_mm` (0 to 25) millimetres.

    Along the wall first, then around it: the last step leaves one value where all directions meet.
    """
    if fwhm_mm <= 0:
        return wall
    sigma_mm = fwhm_mm / FWHM_PER_SIGMA
    sigma_rings = sigma_mm * RINGS / WALL_LENGTH_MM
    padded = cv2.GaussianBlur(_past_the_apex(wall), (1, 2 * _PAD - 1), sigmaX=1e-6, sigmaY=sigma_rings)
    along = np.asarray(padded[_PAD:-_PAD], np.float64)
    harmonics = np.arange(ANGLES // 2 + 1)[None, :]
    damping = np.exp(-0.5 * (harmonics * sigma_mm / ring_radius_mm()) ** 2)
    return np.asarray(np.fft.irfft(np.fft.rfft(along, axis=1) * damping, n=ANGLES, axis=1), np.float64)


@lru_cache(maxsize=4)
def _remap_tables(size: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    radius, angle = disc_coordinates(size)
    # Beyond the rim the rim's own value goes on, so that resizing the disc draws no dark line into it.
    rows = np.minimum(radius, 1.0) * RINGS - 0.5 + _PAD
    columns = angle * (ANGLES / 360.0) + _PAD
    return columns.astype(np.float32), rows.astype(np.float32)


def disc_from_wall(wall: Wall, size: int) -> npt.NDArray[np.float32]:
    """Draw a `(RINGS, ANGLES)` map as a `(size, size)` square whose inscribed disc is the polar map."""
    padded = np.pad(_past_the_apex(wall), ((0, 0), (_PAD, _PAD)), mode="wrap").astype(np.float32)
    columns, rows = _remap_tables(size)
    return np.asarray(cv2.remap(padded, columns, rows, cv2.INTER_CUBIC), np.float32)
