"""Unit tests: each module alone, and a whole run against EC2 in this process."""
