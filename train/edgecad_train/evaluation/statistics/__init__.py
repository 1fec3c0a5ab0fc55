"""Figures of scores and labels, each with its interval."""
