"""What is no polar map gets no answer, and maps get one: the whole way of a scan, with exported models.

    python benchmarks/nonmaps.py answered    drawn pictures that are no map: share answered, by kind, family and part
    python benchmarks/nonmaps.py maps        fresh phantoms over tables, sizes, layouts, and the one real map: refused

A picture is a file that `edgecad.Classifier` answers or refuses, in fp32 on the CPU. `--model` takes folders of models
and run folders, several of them; a run is exported once, and its model kept in `--kept`: delete it there after a change
of what an export makes. Without `--model`, models are trained on phantoms (`--weights FILE` wants MobileNetV2's of
ImageNet) and kept too, one a seed.

Kinds are parted by a rule of their names (`edgecad_train.phantoms.nonmaps`): who builds looks at `--parts building`.
All pictures are drawn, and screens are imitations. Figures go to benchmarks/results/nonmaps_<what>.json.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.nonmaps.answered import answered
from measures.nonmaps.maps import maps
from measures.nonmaps.options import NonMapsOptions
from measures.program import keep, read_options

WHAT: dict[str, Callable[[NonMapsOptions], msgspec.Struct]] = {"answered": answered, "maps": maps}


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(NonMapsOptions, __doc__)
    keep(options, f"nonmaps_{options.what}", options.what, WHAT[options.what](options))


if __name__ == "__main__":
    main()
