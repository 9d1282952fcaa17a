"""Step `check`: what each medium is, what is wrong with it, and which items are copies of each other."""
