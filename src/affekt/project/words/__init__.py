"""Words with their times: the steps `subtitles` (files) and `recognition` (speech), and their alignment."""
