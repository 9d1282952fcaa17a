"""Answers to clips over time: one HTML page, SRT subtitles, ELAN documents."""
