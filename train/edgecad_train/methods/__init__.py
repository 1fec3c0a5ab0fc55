"""Other systems beside fine-tuned networks, as rows of one table: the baseline of normal limits, and what others built.

table       every method: whom it follows, what is theirs and what is ours, what it needs, whether it can be exported
task        what a method is given: all prepared scans, which rows it fits, which it is asked about    -> Task
answer      what it gives back: log-odds, heat maps where it has any, what it learnt                   -> Answer
graphs      a fitted method as a Keras model, for export                                              -> KeptModel
"""
