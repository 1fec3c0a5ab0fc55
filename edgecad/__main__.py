"""`python -m edgecad` is the program itself."""

from edgecad.cli.program import main

main()
