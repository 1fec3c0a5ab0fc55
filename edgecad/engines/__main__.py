"""`python -m edgecad.engines ORDER`: build one engine; started by `edgecad.engines.process` alone."""

import sys

from edgecad.engines.child import main

main(sys.argv[1])
