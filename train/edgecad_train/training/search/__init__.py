"""Choosing a head: Hyperband on held-out patients."""
