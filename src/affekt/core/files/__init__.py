"""Files and folders: written whole, sealed by hashes, recognised by their content."""
