"""Figures of groups of patients: those of a sex, an age or a centre.

grouping     a kept column -> a group for each patient
figures      figures of each group with intervals, and differences between groups
words        rows of tables, and what may be said of them
"""
