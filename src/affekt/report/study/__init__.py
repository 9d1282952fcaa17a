"""The outcome of a study: one table in several formats, and one page."""
