"""Re-rankers side by side with pyversity."""
