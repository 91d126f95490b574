"""What `make bench` runs: every speed and memory figure of the project comes from here, with its conditions."""
