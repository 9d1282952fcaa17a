"""What is seen, heard and said in one medium over time, by person and modality."""

from affekt.core.timeline.timeline import Timeline

__all__ = ["Timeline"]
