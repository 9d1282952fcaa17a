"""Analysis of any medium: from a photo, a clip, a film or a recording to one timeline of all modalities."""
