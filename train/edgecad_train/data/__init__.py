"""Labelled scans: found, read, prepared, and looked at before anything learns from them."""
