"""Step `tracks`: where faces and persons are in the videos, and which boxes show the same one."""
