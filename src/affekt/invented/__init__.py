"""Generated corpora: small, exactly annotated, without data licences. One module or package each."""
