"""What a study found: results, pooled rows, tables, pictures."""
