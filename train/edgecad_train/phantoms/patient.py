"""What a phantom patient is: everything that was drawn, and nothing that was computed from pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgecad.polarmap.segments import Territory

Label = Literal["CAD", "nonCAD"]
Sex = Literal["female", "male"]
Corner = Literal["top-left", "top-right", "bottom-left", "bottom-right"]


@dataclass(frozen=True)
class Defect:
    """One region of lower uptake.

    Attributes:
        territory: the artery in whose territory its centre lies.
        arc: its centre from apex (0) to base (1).
        angle: its centre in degrees counter-clockwise from 3 o'clock.
        half_length: half its size along the wall, as a share of the disc's radius.
        half_width: half its size around the wall, as a share of the disc's radius.
        severity: share of uptake lost in its middle, 0 to 1.
        border: width of its edge as a share of its size; 0.05 is sharp, 0.25 soft.
        lobes: how far its outline departs from an ellipse, 0 to 0.2.
        lobe_phase: where the outline bulges, degrees.
    """

    territory: Territory
    arc: float
    angle: float
    half_length: float
    half_width: float
    severity: float
    border: float
    lobes: float
    lobe_phase: float


@dataclass(frozen=True)
class Uptake:
    """How the same healthy heart would look on this camera: shares of uptake, degrees, millimetres.

    Attributes:
        sex: decides where attenuation remains after correction (anterior or inferior wall).
        rotation: error of the long axis' alignment, degrees.
        apical_thinning: share of uptake missing at the apex.
        basal_fall: share missing at the base (partial volume, valve plane).
        septal_base: further share missing at the membranous septum.
        lateral_gain: lateral wall above the septum, as a share, half of the difference.
        attenuation: share missing in the wall that `sex` names, in spite of the correction.
        waves: smooth individual unevenness, amplitudes for `uptake.wave_field`.
        counts: noise-equivalent counts per square centimetre of wall at full uptake.
        system_fwhm: blur of collimator and motion, before the noise, mm.
        filter_fwhm: blur of the reconstruction filter, after the noise, mm.
    """

    sex: Sex
    rotation: float
    apical_thinning: float
    basal_fall: float
    septal_base: float
    lateral_gain: float
    attenuation: float
    waves: tuple[float, ...]
    counts: float
    system_fwhm: float
    filter_fwhm: float


@dataclass(frozen=True)
class Layout:
    """Where things stand on the 1640x1068 screen, in pixels; `text` is the line with the word PHANTOM."""

    diameter: int
    centre_x: int
    centre_y: int
    text: str
    text_corner: Corner
    text_scale: float
    colour_bar: bool
    text_over_disc: bool = False


@dataclass(frozen=True)
class PhantomPatient:
    """One phantom: its name, its label, the truth behind it and how its screen looks.

    `deficit` is the true total perfusion deficit in percent of the wall's uptake; `segments` are those with
    at least a quarter of their area in a defect; `extent` the share of the wall in a defect.
    """

    patient: str
    label: Label
    seed: int
    index: int
    defects: tuple[Defect, ...]
    uptake: Uptake
    deficit: float
    extent: float
    segments: tuple[int, ...]
    palette: str
    layout: Layout

    @property
    def territories(self) -> tuple[Territory, ...]:
        """Arteries with a defect, in the order drawn."""
        return tuple(defect.territory for defect in self.defects)

    @property
    def severity(self) -> float:
        """Largest share of uptake lost in the middle of a defect, 0 without one."""
        return max((defect.severity for defect in self.defects), default=0.0)
