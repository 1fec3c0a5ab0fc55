"""`edgecad watch`: the command, and what wakes it and ends it."""
