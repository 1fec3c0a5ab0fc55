"""Pictures that were never a polar map, drawn by formulas: levels `(SIDE, SIDE)` in percent, or RGB.

cardiac, nuclear, modalities     of the heart, of a gamma camera, of other instruments
photographs, drawings            round things, signs and graphs
fields, patterns                 falls, waves, shading, noise; growths, weaves, fractals
"""
