"""The workshop: from collected clips and single ratings to a checked, versioned, pre-encoded data set.

A project is a folder: `project.toml` states what is to be done, `project.sqlite` holds what is known of each
item, and `media/` holds links to the collected files, or copies of them.
"""
