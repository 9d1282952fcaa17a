"""Single ratings: import, export, labels from several ratings, and their agreement."""
