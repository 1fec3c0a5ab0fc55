"""Choosing a head: Hyperband on held-out patients.

heads       the head that the settings name, or what a search finds
hyperband   the search, on cached features
choice      what was chosen
record      what a run searched, which scores chose then, and which judge
"""
