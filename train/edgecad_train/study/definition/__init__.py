"""What a study shall do: its specification, its parts, its units."""
