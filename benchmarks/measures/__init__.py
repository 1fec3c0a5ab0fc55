"""What `training.py` measures, a file for each question."""
