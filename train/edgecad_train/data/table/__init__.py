"""A CSV as spreadsheets write it: read where it can be meant in one way alone, and what was read otherwise is said.

text      bytes -> text; other kinds of files are refused by their names
cells     one cell: blanks, numbers, classes, and what stands for nothing
headers   the separator, and which column is which
reading   text -> Table: lines by column
cases     lines -> labelled scans
clinical_cells  cells of a clinical column: decimals of two signs, answers that are read as none
columns   columns that were asked for, and readers' answers, by patient
"""
