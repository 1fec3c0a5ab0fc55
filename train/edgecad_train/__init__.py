"""Training: phantoms, two-stage transfer learning, evaluation."""
