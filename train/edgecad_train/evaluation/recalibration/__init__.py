"""Recalibrating a model at another site: whether it is needed, by which numbers, and what it gains.

fitting     intercept and slope of the log-odds, plain or penalised
rule        how many patients allow what                    -> Ruled
crossfit    each patient's score, recalibrated by the others
judging     what the rule gains on patients that it did not use  -> RecalibrationJudged
words       the same in lines and rows for people
"""
