"""Results as people look at them: figures, tables, one page. Knows plain records only, no trainer and no method."""
