"""Maps that are turned or mirrored: how often a series of scans tells it, and how often it is said of upright ones.

    python benchmarks/orientation.py rates     series of 1, 20, 50 and 100 patients, each orientation, several seeds
    python benchmarks/orientation.py screens   the same of maps that are read from screens, in several colour tables
    python benchmarks/orientation.py watch     scan after scan, as in a hot folder: false warnings, delays

The reference is that of 218 phantoms of a seed, as a run's contract keeps it, and that of fewer; fresh phantoms of
another seed are judged, turned as pictures of 256 pixels. The one real map is told apart, in `rates`. No model is
trained. All of it is about phantoms. Figures go to benchmarks/results/orientation_<what>.json.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.orientation.options import OrientationOptions
from measures.orientation.rates import rates
from measures.orientation.screens import screens
from measures.orientation.watch import watch
from measures.program import keep, read_options

WHAT: dict[str, Callable[[OrientationOptions], msgspec.Struct]] = {"rates": rates, "screens": screens, "watch": watch}


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(OrientationOptions, __doc__)
    keep(options, f"orientation_{options.what}", options.what, WHAT[options.what](options))


if __name__ == "__main__":
    main()
