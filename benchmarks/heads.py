"""What the activation of the head's hidden layer does: to the heat map in fp16, and to accuracy.

    python benchmarks/heads.py lines --weights FILE [--backbone mobilenetv2] [--runs 5] [--scan scan.jpg]
    python benchmarks/heads.py activations --weights FILE [--runs 5]

`lines` is the user's own way, a run a seed and activation: `edgecad phantom`, `train --backbone --weights --seed`,
`export --fp16`, `infer SCAN`. Told are exit codes, what was kept, and how far the fp16 file's maps, with every rounding
to half in place, are from the trained model's: as they are, and for ReLU under the file's own switches as well. Runs
are kept in `--kept`, and those of `decisions.py` are used again.

`activations` runs `edgecad study` with S4 and S6 for each activation, on the same splits, and gives the paired
difference of the mean test AUC with its interval by patient. Patients are drawn PHANTOMS in both.
Figures go to benchmarks/results/heads_<what>_<network>.json with the machine's cores and versions.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from measures.decisions.activations import activations
from measures.decisions.heads import lines
from measures.decisions.options import HeadOptions
from measures.program import keep, read_options

WHAT: dict[str, Callable[[HeadOptions], msgspec.Struct]] = {"lines": lines, "activations": activations}


def main() -> None:
    """Measure one thing and keep it."""
    options = read_options(HeadOptions, __doc__)
    keep(options, f"heads_{options.what}_{options.backbone}", options.what, WHAT[options.what](options))


if __name__ == "__main__":
    main()
