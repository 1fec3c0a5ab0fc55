"""What a study found.

unit_run              what is taken from a unit's run folder
rows, pooling         a row for each network and strategy; its figures over all runs
true_deficit          what the true deficit of phantoms tells of their labels
comparisons           a row's networks against the reference's
claims, claims_words  what may be said of strategies, and of the networks as they are
study_table           rows and claims together
table, table_csv      the same for people and for programs; grid: a table of Markdown
picture, maps         the table as a picture; heat maps under each strategy
"""
