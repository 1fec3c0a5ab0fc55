"""EdgeCAD under MLPerf's LoadGen, which decides when a screen comes, takes the time and judges whether the test counts.

    python benchmarks/scenarios.py [--backbone resnet152v2] [--precision fp32|int8|auto] [--scenarios SingleStream ...]

LoadGen asks for a whole answer: the bytes of a JPEG of 1640 x 1068 (a PHANTOM) in, decoding, map check, network and
heat map, score out. SingleStream has one scan at a time on all threads. Offline and Server have a scan a core, as
`edgecad infer FOLDER` has. Server's rate is the first share of the Offline rate, measured just before, at which LoadGen
finds the test valid: `--percentile` of the answers within `--bound` milliseconds.

These are LoadGen's rules with queries and seconds of our own (`--queries`, `--seconds`), not MLPerf submissions. A
scenario that LoadGen does not call VALID, or whose answers differ from those before the test, ends the program with
exit code 1 and LoadGen's reason. Figures go to benchmarks/results/scenarios_<precision>_<backbone>.json with the
machine's cores and versions. Needs `pip install '.[bench]'`.
"""

from __future__ import annotations

import importlib.util
import sys

from measures.program import keep, read_options
from measures.scenarios.options import ScenarioOptions
from measures.scenarios.scenarios import scenarios


def main() -> None:
    """Run the scenarios, keep what was found, and fail if LoadGen did not find it valid."""
    options = read_options(ScenarioOptions, __doc__)
    if importlib.util.find_spec("mlperf_loadgen") is None:
        sys.exit("LoadGen is not installed: pip install '.[bench]'")
    found = scenarios(options)
    keep(options, f"scenarios_{options.precision}_{options.backbone}", "scenarios", found)
    if found.refused:
        sys.exit("\n".join(f"{name}: {reason}" for name, reason in found.refused.items()))


if __name__ == "__main__":
    main()
