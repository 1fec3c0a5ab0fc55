"""Clinical columns beside the image: what is known of them, on drawn scores and on phantoms.

    python benchmarks/clinical.py coverage                  coefficients whose true values are known; terms; gain
    python benchmarks/clinical.py gain [--weights FILE]     one run on phantoms: train, export, answer

Columns are drawn from the label with a known effect. Nothing here is about patients: a column of a hospital may help or
not. Figures go to benchmarks/results/clinical_<what>.json; the program ends with 1 where a bar is missed.
"""

from __future__ import annotations

import sys

from measures.clinical.coverage import LEAST, MOST, CoverageFigures, measure_coverage
from measures.clinical.gain import GainFigures, measure_gain
from measures.clinical.options import ClinicalMeasured
from measures.program import keep, read_options

LARGEST_MISS = 1e-6
"""Log-odds by which terms may miss the score's."""


def main() -> int:
    """Measure one thing, keep it, and hold it to its bars."""
    options = read_options(ClinicalMeasured, __doc__)
    found = measure_coverage(options) if options.what == "coverage" else measure_gain(options)
    keep(options, f"clinical_{options.what}", options.what, found)
    missed = _missed(found)
    for words in missed:
        print(f"MISSED: {words}")
    return int(bool(missed))


def _missed(found: CoverageFigures | GainFigures) -> list[str]:
    if isinstance(found, GainFigures):
        far = found.largest_miss > LARGEST_MISS
        return [f"terms miss the log-odds by {found.largest_miss:.1e}"] if far else []
    missed = [
        f"{name} is covered in {share:.3f} of {found.whole.runs} runs"
        for name, share in found.whole.coverage.items()
        if not LEAST <= share <= MOST
    ]
    if found.whole.largest_miss > LARGEST_MISS:
        missed.append(f"terms miss the log-odds by {found.whole.largest_miss:.1e}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
