"""What a study found.

unit_run            what is taken from a unit's run folder
rows, pooling       a row for each network and strategy; its figures over all runs
comparisons         a row against two-stage
table, table_csv    the table for people and for programs
picture, maps       the table as a picture; heat maps under each strategy
"""
