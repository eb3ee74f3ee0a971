"""The manual as one site: what `make docs` adds to the pages in docs/, by hooks of MkDocs."""
