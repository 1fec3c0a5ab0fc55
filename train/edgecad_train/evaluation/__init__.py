"""Figures with intervals, calibration and decisions: from scores to what may be said of them.

evaluation      everything about one part of the data
optimism        what choosing on the test part would have claimed
doubts          scores that are all equal, a temperature at the end of its range
statistics/     figures of scores and labels, each with its interval
prevalences     predictive values at the prevalences that matter
subgroups/      figures of groups of patients
readers/        readers of the same patients beside the model
localisation/   whether heat maps show the defect
decision/       temperature, threshold and its evidence, from patients who judge nothing
familiarity/    how far a scan's features may lie from those of the training scans

Every figure is about patients, one row each, and the positive class is CAD.
"""
