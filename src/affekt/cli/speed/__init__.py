"""`affekt bench`, and its tables."""
