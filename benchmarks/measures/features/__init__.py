"""The features that are pooled: what the choice does to accuracy, and what it costs."""
