"""Distances to the training scans in each file of a model.

precisions  limits, refusals of fresh phantoms, distance to fp32's, cost
"""
