"""Answers to the lines of a conversation: one HTML page, SRT subtitles, ELAN documents."""
