"""Metrics of ten libraries and of recdiv on the same lists, each beside the least work that gives its number."""
