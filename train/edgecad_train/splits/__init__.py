"""Who is trained on, who chooses, who judges: parts and folds by patient.

protocol    by one part, or by folds
split       the drawing itself
"""
