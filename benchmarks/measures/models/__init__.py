"""Models and screens that several benchmarks use."""
