"""Scripts, each run by the interpreter that has its library."""
