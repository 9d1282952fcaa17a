"""Agreement of the raters of a project: from votes, of each rater, between rounds, and against features."""
