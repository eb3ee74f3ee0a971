"""One run from the listing to the log, in the order that makes it safe to kill."""
