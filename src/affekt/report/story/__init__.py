"""A timeline of a medium as files: tables, subtitles, ELAN, a page, an annotated video, a figure."""
