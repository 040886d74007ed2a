"""Side-by-side measurements; each module writes results/benchmark_<name>.json."""
