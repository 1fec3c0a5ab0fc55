"""Normal limits, and the total deficit below them.

limits      means and standard deviations of cells over patients without CAD    -> NormalLimits
method      `normal-limits`, a row of a study
"""
