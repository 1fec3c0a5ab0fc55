"""`edgecad models`: which models there are, and which one is in force."""
