"""Readers of the same patients beside the model.

study    agreement of readers and model, and each against the reference
words    rows of tables, and what may be said of them
"""
