"""How a command line reads: help in panels, words for values, near-misses, and commands that are not installed."""

from edgecad.cli.grammar.app import CommandApp

__all__ = ["CommandApp"]
