"""The proof that nothing changed: answers, their distance, what is allowed."""
