"""The colour bar beside a map: found, read as a colour table, and believed only if it explains the map."""
