"""How methods are fitted by scikit-learn: inner folds choose, and scores become log-odds out of fold.

folds       folds of the fitting part, by patient
platt       scores -> log-odds
choosing    candidates -> the one that inner folds choose, fitted on all, with its log-odds    -> Fitted
"""
