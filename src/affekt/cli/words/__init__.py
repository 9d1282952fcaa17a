"""What `affekt predict` and `affekt chat` share for bundles that read words."""
