"""Ensembles: several runs of one split as one run, whose logits are the mean of theirs.

members     runs that may be joined, and why others may not
grids       features and heat maps of one grid on another one, so that each keeps its mean
joining     the members' networks as one Keras model: features side by side on one grid, pooled by one head
scores      temperature, threshold and zone from scores of patients whom no member had learnt from
contracting the contract of the whole
making      all of this, and the run folder that `edgecad export` takes like any other

`python -m edgecad_train.ensembles RUNS RUN RUN...` makes one in the folder of the RUNS and prints its path; `edgecad
export --ensemble` starts it, so that rooms meet in files.
"""
