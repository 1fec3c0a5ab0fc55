"""What the benchmarks measure, a file for each question."""
