"""Simulations of what is inferred from figures: each knows the truth that it draws from.

options         of all of them
"""
