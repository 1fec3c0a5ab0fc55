"""`edgecad infer`: the command and its table."""
