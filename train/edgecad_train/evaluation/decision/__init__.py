"""Choosing the threshold, and what the choice rests on."""
