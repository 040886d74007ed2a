"""Long runs on real data: resumable, one cell at a time, each ending in ``results/*.json`` (``make real``)."""
