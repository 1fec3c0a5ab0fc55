"""`python -m edgecad_train.ensembles RUNS RUN RUN...`: make an ensemble's run folder in RUNS, print its path."""

import sys

from edgecad_train.ensembles.program import main

sys.exit(main(sys.argv[1:]))
