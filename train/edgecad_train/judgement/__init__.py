"""Judging a finished model on labelled scans.

models      a run or an exported model behind one value
scoring     its score of each patient
overlap     whose patients these are
orientation whether their maps lie as those of the training
openings    how often they were looked at before
demands     what its figures must reach
recalibrating   the score, for the site of these patients;  sitefile: into its file
judge       what to think of it                     -> EvaluationRecord
record  words                                       what is written and said
"""
