"""Formulas of sample size and precision, each from the literature that it names.

binormal     scores of two classes, normal and equally wide: what an expected area under the ROC curve implies
proportions  how wide an interval of sensitivity or specificity will be
development  patients that a logistic regression wants (Riley), and what so many patients carry
validation   how exact calibration will be on new patients
comparison   the smallest difference between two strategies that a study can show
"""
