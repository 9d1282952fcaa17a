"""One file a data set: annotation lines to samples, no more."""
