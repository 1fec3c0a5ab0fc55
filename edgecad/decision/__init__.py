"""How a threshold is chosen and what it rests on: rules, evidence, and their table."""
