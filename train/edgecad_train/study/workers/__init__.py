"""Who does the units of a study: processes of this machine, or the nodes of a Ray cluster."""
