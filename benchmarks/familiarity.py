"""How far from the training scans a scan may lie: limits, refusals and cost in each file of a model.

    python benchmarks/familiarity.py precisions --model FOLDER --model FOLDER

Of every file of these model folders: its limits, how many fresh phantoms it refuses as `unfamiliar` (the same prepared
images for all files), how far its distances lie from fp32's, and the time of one image with the output and without it,
in turns, on the CPU. Phantoms are drawn as for `benchmarks/nonmaps.py maps`: over tables, sizes and layouts, severe
ones and disease of three vessels too. Figures go to benchmarks/results/familiarity_<what>.json.
"""

from __future__ import annotations

from measures.familiarity.precisions import FamiliarityOptions, precisions
from measures.program import keep, read_options


def main() -> None:
    """Measure and keep it."""
    options = read_options(FamiliarityOptions, __doc__)
    keep(options, f"familiarity_{options.what}", options.what, precisions(options))


if __name__ == "__main__":
    main()
