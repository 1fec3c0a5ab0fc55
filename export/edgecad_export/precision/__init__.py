"""The same graph in fewer bits: which layers, how, and which ones must not."""
