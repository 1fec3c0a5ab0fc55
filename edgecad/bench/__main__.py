"""`python -m edgecad.bench ORDER`: measure one device and precision; started by `edgecad.bench.process` alone."""

import sys

from edgecad.bench.child import main

main(sys.argv[1])
