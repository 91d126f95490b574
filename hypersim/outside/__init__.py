"""The outside market of one world: which feeds it has, what they are made of, and how that is changed."""
