"""Simulations of what is inferred from figures: each knows the truth that it draws from.

options         of all of them
auc             intervals of the area under the ROC curve; fewest: its lower bound at the fewest inversions
"""
