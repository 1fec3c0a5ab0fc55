"""The features that are pooled, `edgecad train --features`: what the choice does to accuracy, and what it costs.

    python benchmarks/features.py accuracy --weights FILE [--runs 5]       AUC less that of the last features, paired
    python benchmarks/features.py cost [--backbones mobilenetv2 resnet50]  milliseconds and bytes of each file

`accuracy` trains on phantoms' uptake in the one drawing, as `edgecad train` does, S4 and S6, and judges every model on
fresh phantoms of its seed; the interval of the paired difference is by patient. Models are kept in `--kept`, those of
`uptake.py` among them: a measure that was killed goes on. `cost` exports networks that were hardly trained, and times
all files of a network in turn in one process. All accuracy is about phantoms. Figures go to
benchmarks/results/features_<what>.json with the machine's cores and versions.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.features.accuracy import accuracy
from measures.features.cost import cost
from measures.features.options import FeatureOptions
from measures.program import keep, read_options

WHAT: dict[str, Callable[[FeatureOptions], msgspec.Struct]] = {"accuracy": accuracy, "cost": cost}


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(FeatureOptions, __doc__)
    keep(options, f"features_{options.what}", options.what, WHAT[options.what](options))


if __name__ == "__main__":
    main()
