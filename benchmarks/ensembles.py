"""Whether an ensemble is better than its members on fresh phantoms, and what it costs in time and bytes.

    python benchmarks/ensembles.py --weights mobilenetv2.weights.h5 [--runs 5] [--members 3] [--kept FOLDER]

Each split is `edgecad phantom --patients 218 --seed S`, `edgecad train --protocol folds` with all its defaults but
`--backbone` and `--weights`, once for each member with another `--seed` and the first one's split, `edgecad export
--ensemble`, and `edgecad evaluate` of the ensemble and of each member on 400 fresh phantoms. Told are the areas under
the curve, the ensemble's less each member's, paired (DeLong), the mean over all splits with the patient as the unit,
and bytes and milliseconds of the first split's files, in turn. Phantoms and runs are kept in `--kept`: a benchmark that
was killed goes on. Figures go to benchmarks/results/ensembles_<network>.json.
"""

from __future__ import annotations

from measures.ensembles.measuring import ensembles
from measures.ensembles.options import EnsembleOptions
from measures.program import keep, read_options


def main() -> None:
    """Measure and keep."""
    options = read_options(EnsembleOptions, __doc__)
    found = ensembles(options)
    keep(options, f"ensembles_{options.backbone}", "ensembles", found)
    for line in found.words():
        print(line)


if __name__ == "__main__":
    main()
