"""How a network learns: strategies, rates, what is frozen and runs once, epochs and stages."""
