"""What an exported file is, and what its heat map costs."""
