"""Whether what is said of figures is true: simulations that know the truth which they draw from.

    python benchmarks/simulations.py auc             intervals of the area under the ROC curve: coverage and width
    python benchmarks/simulations.py strategies      "this strategy is better": false claims and power
    python benchmarks/simulations.py networks        "these networks differ": false claims
    python benchmarks/simulations.py zone            the uncertain zone on fresh phantoms: coverage of each class
    python benchmarks/simulations.py recalibration   sites made worse by recalibrating

Scores are drawn, or are those of phantoms (`zone`, which wants `--weights FILE`, MobileNetV2's of ImageNet): nothing
here is about patients. Figures go to benchmarks/results/simulations_<what>.json.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.program import keep, read_options
from measures.simulations.auc import simulate_auc
from measures.simulations.networks import simulate_networks
from measures.simulations.options import SimulationOptions
from measures.simulations.recalibration import simulate_recalibration
from measures.simulations.strategies import simulate_strategies
from measures.simulations.zone import simulate_zone

WHAT: dict[str, Callable[[SimulationOptions], msgspec.Struct]] = {
    "auc": simulate_auc,
    "networks": simulate_networks,
    "recalibration": simulate_recalibration,
    "strategies": simulate_strategies,
    "zone": simulate_zone,
}


def main() -> None:
    """Simulate one thing and keep it."""
    options = read_options(SimulationOptions, __doc__)
    keep(options, f"simulations_{options.what}", options.what, WHAT[options.what](options))


if __name__ == "__main__":
    main()
