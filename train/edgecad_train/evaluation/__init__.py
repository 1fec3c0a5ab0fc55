"""Figures with intervals, calibration and decisions: from scores to what may be said of them.

    models  scoring               a run or an exported model; its score of each patient
    judgement  gates  overlap      what to think of it: what was wanted, and whose patients these are
    record  words                 what is written and said
    evaluation                    everything about one part of the data
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
