"""Seconds of preparing a scan in a running process: uptake beside the screen's own colours, in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import replace

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from edgecad.images import Screen
from edgecad.polarmap import Objections
from edgecad.preparing import prepare_screen, read_for
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import DrawnBar, ImitatedLayout, render_layout, screen_bytes
from measures.quartiles import Quartiles, quartiles_of
from measures.uptake.maps import FRESH_SEED
from measures.uptake.models import OWN_TABLES, preparation_of
from measures.uptake.options import UptakeOptions

STEPS = 20
BARS = {"uptake in colours, decoded whole or halved, continuous tables": 1.6}
SCREEN = ImitatedLayout(
    name="report", kind="bare", diameter=860, bar=DrawnBar(gap=60), words=("PHANTOM", "STRESS AC"), words_at="left",
    room=(100, 0, 100, 0), quality=95,
)  # fmt: skip
"""As large as the real report screen: about 1640 x 1068 pixels."""

Way = Callable[[bytes], object]


class WayTimes(msgspec.Struct, frozen=True):
    """Milliseconds a scan of uptake and of colours, and their ratio turn by turn: a turn is all screens once."""

    screens: str
    way: str
    uptake: Quartiles
    colours: Quartiles
    ratio: Quartiles

    def words(self) -> str:
        """One line."""
        return (
            f"{self.screens}, {self.way}: uptake {self.uptake.words()} ms, colours {self.colours.words()} ms, ratio "
            f"{self.ratio.words()}"
        )


class PreparationFound(msgspec.Struct, frozen=True):
    """All ways."""

    bars: dict[str, float]
    screens: int
    rows: tuple[WayTimes, ...]


@dataclass(frozen=True)
class _Pair:
    uptake: Way
    colours: Way


def preparation(options: UptakeOptions) -> PreparationFound:
    """Time every way on every kind of screen."""
    kinds: dict[str, list[bytes]] = {
        "continuous tables": _screens(options.screens, None),
        f"{STEPS} steps": _screens(options.screens, STEPS),
    }
    scan = options.real / "scan.jpg"
    if scan.is_file():
        kinds["real screen"] = [scan.read_bytes()]
    rows = []
    for name, screens in kinds.items():
        for way, pair in _ways().items():
            rows.append(_timed(name, way, pair, screens, options.rounds))
            print(rows[-1].words(), flush=True)
    return PreparationFound(BARS, options.screens, tuple(rows))


def _screens(count: int, steps: int | None) -> list[bytes]:
    found = []
    for index in range(count):
        table = known_table(OWN_TABLES[index % len(OWN_TABLES)])
        screen = render_layout(
            percent_map(draw_patient(FRESH_SEED, index)), table if steps is None else table.in_steps(steps), SCREEN
        )
        found.append(screen_bytes(screen, SCREEN))
    return found


def _ways() -> Mapping[str, _Pair]:
    uptake, colours = preparation_of(Drawing()), preparation_of(None)
    halved = [replace(each, halve_jpeg=True) for each in (uptake, colours)]
    return {
        "pixels alone": _Pair(_from_pixels(uptake), _from_pixels(colours)),
        "decoded whole": _Pair(_from_file(uptake), _from_file(colours)),
        "decoded at half size": _Pair(*map(_from_file, halved)),
    }


def _from_file(own: Preparation) -> Way:
    return lambda data: prepare_screen(read_for(own, data), own, _overruled())


def _from_pixels(own: Preparation) -> Way:
    """Decoding does not count: each screen is decoded when it is first seen."""
    decoded: dict[bytes, Screen] = {}

    def prepared(data: bytes) -> object:
        if data not in decoded:
            decoded[data] = read_for(own, data)
        return prepare_screen(decoded[data], own, _overruled())

    return prepared


def _overruled() -> Objections:
    """Colours in steps are refused where colours are the input; they are timed all the same."""
    return Objections(insisted=True)


def _timed(screens: str, way: str, pair: _Pair, files: Sequence[bytes], rounds: int) -> WayTimes:
    """Both in turn, scan by scan; the first round fills tables and caches and does not count."""
    turns = [[_milliseconds(pair, data, swap=bool((number + turn) % 2)) for number, data in enumerate(files)]
             for turn in range(rounds + 1)][1:]  # fmt: skip
    times = np.array(turns, np.float64)  # (rounds, screens, 2)
    ratios: list[float] = (times[..., 0].sum(axis=1) / times[..., 1].sum(axis=1)).tolist()
    uptake, colours = (quartiles_of(times[..., index].ravel().tolist()) for index in (0, 1))
    return WayTimes(screens, way, uptake, colours, quartiles_of(ratios))


def _milliseconds(pair: _Pair, data: bytes, *, swap: bool) -> tuple[float, float]:
    """Of uptake and of colours; which comes first changes."""
    taken = {}
    for name, way in (("b", pair.colours), ("a", pair.uptake)) if swap else (("a", pair.uptake), ("b", pair.colours)):
        begun = time.perf_counter()
        way(data)
        taken[name] = 1000 * (time.perf_counter() - begun)
    return taken["a"], taken["b"]
