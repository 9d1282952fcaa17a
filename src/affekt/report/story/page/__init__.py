"""The page about a timeline: one HTML file that loads nothing but the analyzed file, when it is played."""
