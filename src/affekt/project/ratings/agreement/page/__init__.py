"""One page about the agreement of raters: a single HTML file that loads nothing and has no script."""
