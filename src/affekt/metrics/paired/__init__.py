"""Tests of the difference between two rows of a table on the same items."""
