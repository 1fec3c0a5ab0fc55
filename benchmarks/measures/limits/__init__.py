"""How near networks come to what a machine can do."""
