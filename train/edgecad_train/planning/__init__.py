"""What a planned study of so many patients can show: no verdict, only how far its figures will reach.

options     what a user says of the study, and what of it cannot be meant
classes     how many patients of each class every part has
formulas/   one file a question, each formula with its source; they know no study
record      all of it for one study, as JSON
words       the same as lines of a terminal
curve       what more patients would teach, measured on scans; only this needs networks
"""
