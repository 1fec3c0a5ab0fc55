"""Judging a finished model on labelled scans."""
