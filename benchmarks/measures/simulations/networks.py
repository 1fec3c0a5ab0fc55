"""How often two networks are called different that rank patients equally well."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from measures.simulations.drawing import SEPARATION, Design, area_of, draw_parts
from measures.simulations.options import SimulationOptions
from measures.simulations.strategies import ROWS, Rate

REPETITIONS = 4000


class NetworksRow(msgspec.Struct, frozen=True):
    """Equal networks on the same test patients.

    Attributes:
        setting: how many runs, and of how many patients.
        area: of every network.
        false: studies that call any two different.
    """

    setting: str
    area: float
    repetitions: int
    false: Rate

    def words(self) -> str:
        """One line."""
        return f"{self.setting}, AUC {self.area:.2f}: false claims {self.false}"


class NetworksFound(msgspec.Struct, frozen=True):
    """All settings."""

    networks: int
    found: tuple[NetworksRow, ...]


def simulate_networks(options: SimulationOptions) -> NetworksFound:
    """Simulate every setting."""
    equal = Design(1, False, (SEPARATION,) * ROWS, training_sd=0.0)
    designs = (
        equal,
        replace(equal, runs=5),
        replace(equal, runs=5, folds=True),
        replace(equal, classes=(50, 50)),
        replace(equal, classes=(620, 470)),
        replace(equal, separations=(2.6,) * ROWS),
    )
    found = []
    for design in designs:
        row = _simulated(design, options.repetitions or REPETITIONS, options.seed)
        found.append(row)
        print(row.words(), flush=True)
    return NetworksFound(ROWS, tuple(found))


def _simulated(design: Design, repetitions: int, seed: int) -> NetworksRow:
    from edgecad_train.evaluation.claims.areas import areas_of
    from edgecad_train.evaluation.claims.networks import network_pairs

    draw = np.random.default_rng(seed)
    false = np.zeros(repetitions)
    for index in range(repetitions):
        false[index] = any(pair.claimed for pair in network_pairs(areas_of(draw_parts(design, draw))))
    positives, negatives = design.classes
    tested = f"{positives} + {negatives} patients, {'all' if design.folds else 'a fifth'} tested"
    rate = Rate(float(false.mean()), float(false.std() / np.sqrt(repetitions)))
    return NetworksRow(f"{design.name}, {tested}", area_of(design.separations[0]), repetitions, rate)
