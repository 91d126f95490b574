"""The dialects: each translates requests to the same commands and views, and none imports another."""
