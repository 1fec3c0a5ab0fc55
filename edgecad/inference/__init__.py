"""From a scan to its answer: opening a model, running it, checking what it gave."""
