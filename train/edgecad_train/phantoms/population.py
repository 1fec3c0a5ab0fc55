"""Who the phantom patients are: how often which defect, what varies in health, and what a reader says.

Chosen from physics and from what is known of such maps, before any network saw them:

- Health: after attenuation correction segments still differ by about a tenth; apical thinning is commoner
  with correction than without, the male inferior and the female anterior wall stay lower, the lateral wall
  counts higher than the septum, the base falls off. Amplitudes are shares of uptake, see `_uptake`.
- Disease: three in ten without any defect, then small mild ones that readers argue about, one artery, and
  several arteries (`KINDS`).
- Reading: a reader calls CAD with a chance that rises with the true total perfusion deficit (`call_chance`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edgecad.polarmap.segments import TERRITORIES, Territory
from edgecad_train.classes import LabelRule
from edgecad_train.phantoms import ventricle
from edgecad_train.phantoms.layouts import draw_layout
from edgecad_train.phantoms.palettes import PALETTES
from edgecad_train.phantoms.patient import Defect, Label, PhantomPatient, Uptake
from edgecad_train.phantoms.streams import Stream, stream
from edgecad_train.phantoms.uptake import WAVES, covered_wall, loss_wall, segments_hit

READER_THRESHOLD = 2.5
"""Total perfusion deficit (percent of the wall's uptake) at which readers call CAD half of the time."""
READER_WIDTH = 0.8
"""Scale of the logistic in percent of deficit: a reader's noise from one reading to the next."""

WAVE_SHARE = 0.05
"""Standard deviation of the individual unevenness, as a share of uptake."""


@dataclass(frozen=True)
class Kind:
    """A group of patients: its share, how many arteries, and the range of its defects.

    `half_size` is a share of the disc's radius, `severity` a share of uptake.
    """

    name: str
    share: float
    arteries: tuple[int, ...]
    half_size: tuple[float, float]
    severity: tuple[float, float]


KINDS = (
    Kind("none", 0.30, (0,), (0.0, 0.0), (0.0, 0.0)),
    Kind("equivocal", 0.15, (1,), (0.15, 0.35), (0.10, 0.30)),
    Kind("one artery", 0.35, (1,), (0.22, 0.50), (0.20, 0.75)),
    Kind("several arteries", 0.20, (2, 2, 3), (0.20, 0.45), (0.15, 0.70)),
)

TERRITORY_CENTRES: dict[Territory, float] = {"LAD": 115.0, "RCA": 245.0, "LCx": 0.0}
"""Middle of each territory, degrees; arteries vary, so a defect's centre is drawn around it."""
TERRITORY_SHARES: dict[Territory, float] = {"LAD": 0.45, "RCA": 0.32, "LCx": 0.23}


def _uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _defect(rng: np.random.Generator, territory: Territory, kind: Kind) -> Defect:
    return Defect(
        territory=territory,
        # The left anterior descending artery ends at the apex, the two others rarely reach it.
        arc=_uniform(rng, 0.15, 0.75) if territory == "LAD" else _uniform(rng, 0.4, 0.8),
        angle=(TERRITORY_CENTRES[territory] + _uniform(rng, -30.0, 30.0)) % 360.0,
        half_length=_uniform(rng, *kind.half_size),
        half_width=_uniform(rng, *kind.half_size),
        severity=_uniform(rng, *kind.severity),
        border=_uniform(rng, 0.08, 0.25),
        lobes=_uniform(rng, 0.0, 0.2),
        lobe_phase=_uniform(rng, 0.0, 360.0),
    )


def _defects(rng: np.random.Generator) -> tuple[Defect, ...]:
    kind = KINDS[rng.choice(len(KINDS), p=[kind.share for kind in KINDS])]
    shares = [TERRITORY_SHARES[territory] for territory in TERRITORIES]
    chosen = rng.choice(len(TERRITORIES), size=rng.choice(kind.arteries), replace=False, p=shares)
    return tuple(_defect(rng, TERRITORIES[i], kind) for i in chosen)


def _waves(rng: np.random.Generator) -> tuple[float, ...]:
    return tuple(float(a) for a in rng.normal(0.0, WAVE_SHARE / math.sqrt(WAVES), WAVES))


def _uptake(rng: np.random.Generator) -> Uptake:
    return Uptake(
        sex="female" if rng.random() < 0.4 else "male",
        rotation=float(rng.normal(0.0, 6.0)),
        apical_thinning=_uniform(rng, 0.0, 0.15),
        basal_fall=_uniform(rng, 0.03, 0.18),
        septal_base=_uniform(rng, 0.0, 0.15),
        lateral_gain=float(rng.normal(0.03, 0.03)),
        attenuation=_uniform(rng, 0.0, 0.15),
        waves=_waves(rng),
        counts=math.exp(_uniform(rng, math.log(300.0), math.log(1500.0))),
        system_fwhm=_uniform(rng, 8.0, 12.0),
        filter_fwhm=_uniform(rng, 10.0, 14.0),
    )


def call_chance(deficit: float) -> float:
    """Return the chance that a reader calls CAD at a true deficit in percent."""
    return 1.0 / (1.0 + math.exp(-(deficit - READER_THRESHOLD) / READER_WIDTH))


def noiseless_label(deficit: float) -> Label:
    """Return what a reader without noise says."""
    return "CAD" if deficit >= READER_THRESHOLD else "nonCAD"


def labelled_by(rule: LabelRule, patient: PhantomPatient) -> PhantomPatient:
    """The patient with the label of a rule; `deficit` is the reader's, as drawn.

    By an artery's name CAD is a defect in its territory, however small, and nothing else: what is best by one rule need
    not be by another, so that phantoms tell nothing of which system to take.
    """
    if rule == "deficit":
        return patient
    return replace(patient, label="CAD" if rule in patient.territories else "nonCAD")


def draw_patient(seed: int, index: int) -> PhantomPatient:
    """Draw patient number `index` (from 0) of the population `seed`; the same two give the same patient."""
    defects = _defects(stream(seed, index, Stream.DEFECTS))
    uptake = _uptake(stream(seed, index, Stream.UPTAKE))
    covered = covered_wall(defects, uptake.rotation)
    deficit = 100.0 * ventricle.wall_mean(loss_wall(defects, uptake.rotation))
    calls = stream(seed, index, Stream.READER).random() < call_chance(deficit)
    return PhantomPatient(
        patient=f"phantom-{index + 1:04d}",
        label="CAD" if calls else "nonCAD",
        seed=seed,
        index=index,
        defects=defects,
        uptake=uptake,
        deficit=deficit,
        extent=ventricle.wall_mean(covered.astype(np.float64)),
        segments=segments_hit(covered),
        palette=PALETTES[stream(seed, index, Stream.PALETTE).integers(len(PALETTES))],
        layout=draw_layout(stream(seed, index, Stream.LAYOUT), stream(seed, index, Stream.TEXT)),
    )
