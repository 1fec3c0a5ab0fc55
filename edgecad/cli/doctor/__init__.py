"""`edgecad doctor`: the command, and how a proof of a GPU is shown."""
