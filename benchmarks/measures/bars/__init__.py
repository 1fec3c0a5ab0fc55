"""Colour bars: drawn beside maps in many tables, places and shapes, and read back."""
