"""The page of one run or bundle."""
