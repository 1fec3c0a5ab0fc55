"""What becomes of one patient's uptake in other colours and on other screens, and what it costs.

    python benchmarks/uptake.py score       one map in eight colour tables and in steps: how far its score moves
    python benchmarks/uptake.py layouts     one map on 150 imitated screens: answered, and how far its score moves
    python benchmarks/uptake.py fresh       fresh phantoms over tables, sizes and layouts, severe ones too: refused
    python benchmarks/uptake.py accuracy    AUC of uptake less AUC of the screen's own colours, S4 and S6, paired
    python benchmarks/uptake.py drawings    the choice of the one drawing: table, what is beyond the rim, blur
    python benchmarks/uptake.py preparation seconds of preparing a scan, uptake beside colours, in turn
    python benchmarks/uptake.py bars        colour bars of many tables, places and shapes, found and read
    python benchmarks/uptake.py names       a name over the disc in six styles and four tables: refused, or legible

`--weights FILE` wants MobileNetV2's of ImageNet. Models are trained on phantoms, as `edgecad train` does, and kept in
`--kept`: a measure that was killed goes on. A model's folder has a mark of its preparation in its name, so that a
change of how uptake is read trains another one. Screens are imitations, and all accuracy is about phantoms. Figures go
to benchmarks/results/uptake_<what>.json, pictures to benchmarks/pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.bars.measuring import bars
from measures.program import keep, read_options
from measures.uptake.accuracy import accuracy
from measures.uptake.drawings import drawings
from measures.uptake.fresh import fresh
from measures.uptake.layouts import layouts
from measures.uptake.names import names
from measures.uptake.options import UptakeOptions
from measures.uptake.preparation import preparation
from measures.uptake.score import score

WHAT: dict[str, Callable[[UptakeOptions], msgspec.Struct]] = {
    "score": score, "layouts": layouts, "fresh": fresh, "accuracy": accuracy, "drawings": drawings,
    "preparation": preparation, "bars": bars, "names": names,
}  # fmt: skip


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(UptakeOptions, __doc__)
    keep(options, f"uptake_{options.what}", options.what, WHAT[options.what](options))


if __name__ == "__main__":
    main()
