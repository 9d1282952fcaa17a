"""Fields of settings as rows of text: one description for the terminal and for the documentation."""
