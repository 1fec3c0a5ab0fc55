"""What the programs above measure, a file for each question."""
