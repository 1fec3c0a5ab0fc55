"""The page of an evaluation that a reviewer reads, from the evaluation's files alone.

page    report.html, and which sections it has
drawing pictures, drawn into the evaluation's folder
tables  rows of its tables; people: those of groups, readers and a recalibration
limits  what must not be concluded from it
"""
