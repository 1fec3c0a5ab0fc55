"""How fast a model is on this machine: each device and precision in a process of its own."""
