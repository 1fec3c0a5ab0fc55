"""Choosing the threshold, and what the choice rests on.

choice          logits -> temperature, threshold, evidence
cuts            where a threshold may lie; balanced: the balanced one
zone            the uncertain zone: its bounds, and how patients fare with it
points          how patients fare at a threshold
labels          patients whose labels a reader should read again
"""
