"""Other systems beside a network that is fine-tuned: figures over draws of phantoms, by two label rules, and times."""
