"""`python -m edgecad` is the program itself."""

from edgecad.cli import main

main()
