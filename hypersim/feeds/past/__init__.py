"""What markets did while a world did not listen: from their upstream, or made up, each in its place."""
