"""Other systems beside a network that is fine-tuned, on PHANTOMS, by two label rules; and what they take.

    python benchmarks/methods.py table --weights mobilenetv2.weights.h5 [--methods NAME ...] [--kept FOLDER]
    python benchmarks/methods.py times --weights mobilenetv2.weights.h5 [--methods NAME ...]
    python benchmarks/methods.py words        what both found, as a section of benchmarks/README.md

`table`: for each label rule and each of five seeds `edgecad phantom --patients 218 --label-rule RULE --seed S` and
`edgecad study --folds 5` with two-stage and the methods. Told are mean areas over the seeds, differences from two-stage
and from normal limits, sensitivity, specificity, heat maps, and the area of the true deficit. All that is quick is one
study and comes first, by both rules; each slow network is a study of its own. Phantoms and studies are kept in
`--kept`: a benchmark that was killed goes on, and one of other `--methods` adds to what is there.

`times`: each method in a study of its own, from its beginning. The program ends with 1 where a bar is missed.

Phantoms cannot rank systems. vgg16-maps reads a map at rest beside the other, drawn without defects and with counts of
its own, and starts from random weights. Figures go to benchmarks/results/methods_<what>.json.
"""

from __future__ import annotations

import sys

from measures.methods.kept import TABLE, TIMES, found_in
from measures.methods.options import MethodOptions
from measures.methods.picture import draw_systems
from measures.methods.studies import Cohort, asked_studies
from measures.methods.tabling import SystemsFound, systems_found
from measures.methods.times import TimesFound, times_found
from measures.methods.words import section
from measures.program import keep, read_options

PICTURE = "systems.png"


def main() -> int:
    """Measure and keep, or say what was found."""
    options = read_options(MethodOptions, __doc__)
    if options.runs < 2:
        sys.exit(f"--runs {options.runs}: what differs from draw to draw wants at least 2")
    if options.what == "table":
        _table(options)
    if options.what == "times":
        return _times(options)
    if options.what == "words":
        found = found_in(options.results / f"{TABLE}.json", SystemsFound)
        print("\n\n".join(section(found, found_in(options.results / f"{TIMES}.json", TimesFound))))
        if (options.pictures / PICTURE).is_file():
            print(f"\n![Areas of all systems by each label rule, marked PHANTOM](pictures/{PICTURE})")
    return 0


def _table(options: MethodOptions) -> None:
    """Make what is asked for; what is done is kept after every rule, so that a part of it is of use."""
    for study in asked_studies(options):
        for rule in options.rules:
            for seed in range(options.runs):
                Cohort(rule, seed, options).make(study)
                print(f"{study.name}, rule {rule}, seed {seed}: done", flush=True)
            found = systems_found(options)
            keep(options, TABLE, "table", found)
            draw_systems(found, options.pictures / PICTURE)
    print("\n\n".join(section(systems_found(options), None)))


def _times(options: MethodOptions) -> int:
    found = times_found(options)
    keep(options, TIMES, "times", found)
    missed = [words for row in found.rows if (words := row.missed())]
    for words in missed:
        print(f"MISSED: {words}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
