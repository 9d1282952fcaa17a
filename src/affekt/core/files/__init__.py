"""Files and folders: written whole, sealed by hashes, listed in journals, identified by their content."""
