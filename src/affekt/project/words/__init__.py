"""Words with their times: steps `subtitles` (collected files) and `recognition` (speech), and their alignment."""
