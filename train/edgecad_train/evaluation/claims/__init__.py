"""What several trained networks allow to be claimed; two kinds of claims, apart.

areas        areas under the ROC curve of rows over runs, and how uncertain patients and trainings make them
strategies   "this strategy is better": patients and training; against a row named before, and which may be the best
own          the interval of one row's area
networks     "these networks differ": patients alone; every pair, by Holm

A row is a strategy on a network, and a run is a training of each row with one test part. The first kind of claim is
about rows that would be trained again, the second about the networks at hand.
"""
