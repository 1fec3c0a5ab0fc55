"""Figures of scores and labels, each with its interval.

metrics                     figures of one model; comparison: two models on the same patients
confusion, auc, roc         counts, the area under the curve, the curve
agreement                   two raters of the same patients
chance                      a p-value in words
prevalence                  predictive values at a prevalence, likelihood ratios
bands                       around a curve, pointwise
calibration, decision_curve whether scores are frequencies; what acting on them would be worth
smooth                      the smooth calibration curve and its distances
intervals                   of proportions, and bootstraps by patient
clustered                   the same of observations of which several may be one patient's
ties                        which scores are equal, and whether the classes are apart
"""
