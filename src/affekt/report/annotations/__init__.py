"""Formats of text over time: SRT subtitles and ELAN documents, whatever the text is about."""
