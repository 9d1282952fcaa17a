"""Answers of clips over time: one HTML page, SRT subtitles, ELAN documents."""
