"""How a threshold is chosen and what it rests on.

probabilities   of the classes, from logits
log_odds        of a probability, and back
rules           the rules of `--decide`
evidence        how patients fared at thresholds, as the contract keeps it
zone            scores that get no clear answer, and whether an answer is clear
zone_words      the zone as rows for terminal, report and model card
evidence_table  the same as a table for terminal, report and model card
ratios          bounds of a ratio of two shares
recalibration   a site's own intercept and slope of the log-odds
"""
