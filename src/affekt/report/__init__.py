"""Results as people look at them: figures, tables, a page. Knows plain records, no trainer and no method."""
