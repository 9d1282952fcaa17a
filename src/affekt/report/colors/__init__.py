"""The colours of all pages and figures: those of emotions, and those of everything else."""
