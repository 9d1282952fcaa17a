"""What a study found: answers, numbers, tables and the page."""
