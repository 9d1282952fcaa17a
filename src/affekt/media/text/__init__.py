"""Words: files of lines, decoding and cleaning, context of a dialogue, tokens."""
