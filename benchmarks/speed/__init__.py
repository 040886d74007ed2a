"""Encoding and ranking beside the libraries that people use for them, each in an environment of its own."""
