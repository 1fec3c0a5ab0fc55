"""Engines that run a graph: each a peer behind the two methods of `base.Runner`."""
