"""Clinical columns beside the image: whether coefficients are covered, whether terms add up, what columns gain."""
