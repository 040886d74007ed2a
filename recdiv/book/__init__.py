"""From notebooks to a built book: run (papermill), record, build (Jupyter Book), check (nbval and tolerances)."""
