"""Who is trained on, who chooses, who judges: parts and folds by patient."""
