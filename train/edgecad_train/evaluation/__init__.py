"""Figures with intervals, calibration and decisions: from scores to what may be said of them.

    evaluation                    everything about one part of the data
    optimism                      what choosing on the test part would have claimed
    metrics  comparison           figures of one model; two models on the same patients
    decision                      temperature, threshold and its evidence, from patients who judge nothing
    cuts  balanced  points        where a threshold may lie, the balanced one, and how patients fare at it
    labels                        patients whose labels want to be read again
    doubts                        scores that are all equal, a temperature at the end of its range
    auc  roc  calibration  decision_curve  confusion
    ties                          which scores are equal
    intervals                     proportions and bootstraps

Every figure is about patients, one row each, and the positive class is CAD.
"""
