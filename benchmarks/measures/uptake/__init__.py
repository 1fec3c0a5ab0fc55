"""Uptake behind the colours: one patient, one score.

options       what the program takes
models        models trained on phantoms, kept
maps          maps of phantoms and the one real map; what a model says of a screen
score         the same map through several colour tables and in steps
picture       that, drawn
layouts       the same map on imitated screens
fresh         who is refused among fresh phantoms
accuracy      area under the curve, uptake against colours
drawings      the same, of other drawings
preparation   seconds
"""
