"""From what was drawn for a patient to percent of maximum, as a camera would see it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgecad.polarmap.segments import disc_coordinates, segment_at
from edgecad_train.phantoms import ventricle
from edgecad_train.phantoms.patient import Defect, PhantomPatient, Uptake
from edgecad_train.phantoms.streams import Stream, stream
from edgecad_train.phantoms.ventricle import Wall

AROUND = 4
"""Highest harmonic around the wall of the individual unevenness: features of 45 degrees or more."""
ALONG = 3
"""Cosines along the wall (constant, half, whole wave): features of a third of the wall or more."""
WAVES = ALONG * 2 * AROUND

SEGMENT_SHARE = 0.25
"""Share of a segment's area in a defect from which the segment counts as hit."""

LOST = 0.05
"""Share of uptake lost from which a place of the map belongs to a defect: the standard deviation of healthy unevenness,
so that it may be seen. A defect has soft edges; its outline, at half of its depth, leaves out what is clearly cold."""

FEMALE_ANTERIOR_ANGLE = 75.0
MALE_INFERIOR_ANGLE = 265.0
ATTENUATION_WIDTH = 32.0


def _bump(angle: Wall, centre: float, width: float) -> Wall:
    """Return a Gaussian around an angle, peak 1, `width` its standard deviation in degrees."""
    off = (angle - centre + 180.0) % 360.0 - 180.0
    return np.exp(-0.5 * (off / width) ** 2)


def _rise(arc: Wall, start: float) -> Wall:
    """Return a smooth step from 0 at `start` to 1 at the base."""
    t = np.clip((arc - start) / (1.0 - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@lru_cache(maxsize=1)
def _wave_basis() -> Wall:
    """Return the unevenness' basis, `(WAVES, RINGS, ANGLES)`, each of unit variance far from the apex."""
    arc, angle = ventricle.wall_coordinates()
    # Around the apex a wave of harmonic m must vanish like radius ** m, or its slope would be infinite.
    fields = []
    for m in range(1, AROUND + 1):
        near_apex = np.minimum(arc / 0.4, 1.0) ** min(m, 2)
        for k in range(ALONG):
            along = np.cos(np.pi * k * arc) * near_apex * (1.0 if k == 0 else np.sqrt(2.0))
            for turn in (0.0, 90.0):
                fields.append(along * np.sqrt(2.0) * np.cos(np.radians(m * angle - turn)))
    return np.stack(fields)


def wave_field(waves: tuple[float, ...]) -> Wall:
    """Return the individual unevenness as a share of uptake, `(RINGS, ANGLES)`, mean about 0."""
    return np.tensordot(np.asarray(waves), _wave_basis(), axes=1)


def normal_wall(uptake: Uptake) -> Wall:
    """Return uptake without any defect, `(RINGS, ANGLES)`, about 0.6 to 1.1 of a full uptake of 1."""
    arc, angle = ventricle.wall_coordinates()
    turned = angle - uptake.rotation
    apex = 1.0 - uptake.apical_thinning * np.exp(-0.5 * (arc / 0.15) ** 2)
    base = 1.0 - uptake.basal_fall * _rise(arc, 0.6)
    septum = 1.0 - uptake.septal_base * _rise(arc, 0.7) * _bump(turned, 180.0, 35.0)
    sides = 1.0 + uptake.lateral_gain * np.cos(np.radians(turned)) * np.minimum(arc / 0.4, 1.0)
    wall_angle = FEMALE_ANTERIOR_ANGLE if uptake.sex == "female" else MALE_INFERIOR_ANGLE
    depth = np.minimum(arc / 0.5, 1.0) if uptake.sex == "female" else _rise(arc, 0.1)
    attenuated = 1.0 - uptake.attenuation * depth * _bump(turned, wall_angle, ATTENUATION_WIDTH)
    return apex * base * septum * sides * attenuated * (1.0 + wave_field(uptake.waves))


def _inside(defect: Defect, rotation: float) -> Wall:
    """Return how far a point lies inside a defect, 0 to 1, `(RINGS, ANGLES)`, one half on its outline.

    Distance is measured on the disc, along and around the wall, so that an outline bends with the rings
    and passes over the apex without a seam.
    """
    arc, angle = ventricle.wall_coordinates()
    off = np.radians(angle - rotation - defect.angle)
    along = (arc - defect.arc) / defect.half_length
    around = 2.0 * np.sqrt(arc * defect.arc) * np.sin(off / 2.0) / defect.half_width
    bearing = np.arctan2(around, along) - np.radians(defect.lobe_phase)
    outline = 1.0 + defect.lobes * np.cos(3.0 * bearing)
    distance = np.hypot(along, around) / outline
    return 1.0 / (1.0 + np.exp(np.clip((distance - 1.0) / defect.border, -40.0, 40.0)))


def loss_wall(defects: tuple[Defect, ...], rotation: float) -> Wall:
    """Return the share of uptake that the defects take away, `(RINGS, ANGLES)`, 0 to 1."""
    left = np.ones((ventricle.RINGS, ventricle.ANGLES))
    for defect in defects:
        left *= 1.0 - defect.severity * _inside(defect, rotation)
    return 1.0 - left


def covered_wall(defects: tuple[Defect, ...], rotation: float) -> npt.NDArray[np.bool_]:
    """Return which cells of the wall lie inside a defect's outline, `(RINGS, ANGLES)`."""
    covered = np.zeros((ventricle.RINGS, ventricle.ANGLES), np.bool_)
    for defect in defects:
        covered |= _inside(defect, rotation) >= 0.5
    return covered


def defect_mask(patient: PhantomPatient, size: int = 128) -> npt.NDArray[np.bool_]:
    """Return where a patient's defects take away `LOST` or more on the polar map, `(size, size)`, nowhere beyond it."""
    loss = loss_wall(patient.defects, patient.uptake.rotation)
    return (ventricle.disc_from_wall(loss, size) >= LOST) & _disc(size)


def outline_mask(patient: PhantomPatient, size: int = 128) -> npt.NDArray[np.bool_]:
    """Return what lies within the defects' own outlines, where half of the depth is lost: less than `defect_mask`."""
    covered = covered_wall(patient.defects, patient.uptake.rotation)
    return (ventricle.disc_from_wall(covered.astype(np.float64), size) >= 0.5) & _disc(size)


def _disc(size: int) -> npt.NDArray[np.bool_]:
    return disc_coordinates(size)[0] <= 1.0


def segments_hit(covered: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the segments of which at least `SEGMENT_SHARE` of the area is covered."""
    numbers = segment_at(*ventricle.wall_coordinates()).ravel()
    area = np.broadcast_to(ventricle.cell_area_cm2(), covered.shape).ravel()
    hit = np.bincount(numbers, weights=area * covered.ravel(), minlength=18)
    whole = np.bincount(numbers, weights=area, minlength=18)
    return tuple(n for n in range(1, 18) if hit[n] >= SEGMENT_SHARE * whole[n])


def _counted(wall: Wall, counts: float, rng: np.random.Generator) -> tuple[Wall, Wall]:
    expected_full = counts * np.broadcast_to(ventricle.cell_area_cm2(), wall.shape)
    return rng.poisson(np.maximum(wall, 0.0) * expected_full).astype(np.float64), expected_full


def measured_wall(patient: PhantomPatient) -> Wall:
    """Return what the camera measures, `(RINGS, ANGLES)`, percent of the wall's maximum.

    Uptake is blurred by the system, counted (Poisson), then smoothed by the reconstruction's filter; counts
    and area are smoothed alike, so small cells near the apex weigh little.
    """
    uptake = patient.uptake
    loss = loss_wall(patient.defects, uptake.rotation)
    seen = ventricle.blur(normal_wall(uptake) * (1.0 - loss), uptake.system_fwhm)
    counted, full = _counted(seen, uptake.counts, stream(patient.seed, patient.index, Stream.NOISE))
    smooth = ventricle.blur(counted, uptake.filter_fwhm) / ventricle.blur(full, uptake.filter_fwhm)
    return np.clip(smooth / smooth.max(), 0.0, 1.0) * 100.0


def percent_map(patient: PhantomPatient, size: int = 512) -> npt.NDArray[np.float32]:
    """Return the polar map, `(size, size)` float32, 0 to 100 percent of its maximum.

    Corners outside the disc repeat the rim: mask them (`edgecad.polarmap.segments.disc_coordinates`) before use.
    """
    return np.clip(ventricle.disc_from_wall(measured_wall(patient), size), 0.0, 100.0)
