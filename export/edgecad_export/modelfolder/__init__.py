"""What lies in a model folder beside the graphs: proof, card, sums, signature."""
