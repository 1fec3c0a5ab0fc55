"""`edgecad bench`: the command, its record, its text."""
