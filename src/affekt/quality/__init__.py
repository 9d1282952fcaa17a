"""What `affekt data check` computes of a data set."""
