"""What a chosen threshold does on fresh phantoms, and whether warnings stand where they should and nowhere else.

    python benchmarks/decisions.py --weights mobilenetv2.weights.h5 [--runs 10] [--kept edgecad-bench/decisions]

Each run is `edgecad phantom --patients 218 --seed S`, `edgecad train` with all its defaults but `--backbone`,
`--weights` and `--seed S`, and `edgecad evaluate` on 400 fresh phantoms of another seed, which no training saw. Told
are sensitivity and specificity there, by the label that a reader gave and, in brackets, by the truth that was drawn
before reader noise, and the warnings of the run's contract. Then the same held-out scores decide again under `--again`
(default: sensitivity>=0.95), by the function that training uses, without training again; refused or not, the threshold
of that rule is judged. Phantoms and runs are kept in `--kept`: a benchmark that was killed goes on. Figures go to
benchmarks/results/decisions_<network>.json with the machine's cores and versions.
"""

from __future__ import annotations

from measures.decisions.decisions import decisions
from measures.decisions.options import DecisionOptions
from measures.program import keep, read_options


def main() -> None:
    """Measure and keep."""
    options = read_options(DecisionOptions, __doc__)
    found = decisions(options)
    keep(options, f"decisions_{options.backbone}", "decisions", found)
    for line in found.words():
        print(line)


if __name__ == "__main__":
    main()
