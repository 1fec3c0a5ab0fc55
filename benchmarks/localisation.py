"""Whether heat maps show the defect: on fresh phantoms whose defect is known, and on the one real map.

    python benchmarks/localisation.py --weights FILE [--strategies two-stage warm-up] [--features stride-16 last both]

Models are trained on phantoms, as `edgecad train` does: a run a seed, strategy and choice of features, in `--kept`.
Each judges fresh phantoms with a deficit of 3.5 % or more, until so many score .5 or more. Told are the shares of peaks
on the defect, of outlined regions that are empty and of those that are not colder than the disc, and the mean area
under the curve of map against defect, with intervals by patient, beside chance and beside the coldest place. On the
real map there is no truth: told are its region's uptake by the disc's, the correlation of map and uptake, and which
share of its coldest fifth the region holds; its answer goes to benchmarks/pictures, to be looked at.
Figures go to benchmarks/results/localisation.json.
"""

from __future__ import annotations

from measures.localisation.measuring import localisation
from measures.localisation.options import LocalisationOptions
from measures.program import keep, read_options


def main() -> None:
    """Measure, and keep what was found."""
    options = read_options(LocalisationOptions, __doc__)
    keep(options, "localisation", "localisation", localisation(options))


if __name__ == "__main__":
    main()
