"""Engines that compute a graph, and the checks of a graph before an engine reads it."""
