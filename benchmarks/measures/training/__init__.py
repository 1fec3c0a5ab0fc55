"""Speed, memory and sameness of training."""
