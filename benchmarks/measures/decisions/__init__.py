"""What thresholds and heads do on fresh phantoms."""
