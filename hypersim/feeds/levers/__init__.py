"""Price paths: a hand on the prices of any feed."""
