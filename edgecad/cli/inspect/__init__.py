"""`edgecad inspect`: the command and its text."""
