"""SQL as text and as syntax trees: the dialect, a cache of what is parsed, walks over trees."""
