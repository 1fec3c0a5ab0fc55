"""Figures with intervals, calibration and decisions: from scores to what may be said of them."""
