"""`edgecad verify`: the command and its text."""
