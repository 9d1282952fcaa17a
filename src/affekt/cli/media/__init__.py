"""What `affekt predict` does for bundles of one medium without words."""
