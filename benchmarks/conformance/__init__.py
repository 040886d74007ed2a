"""What other libraries print for the same lists, held against our conventions: ``python -m benchmarks.conformance``."""
