"""Agreement of raters, labels from several ratings, and labels that are probably wrong.

Ratings are an array (items, raters) of class numbers; -1 where a rater did not rate an item.
"""
