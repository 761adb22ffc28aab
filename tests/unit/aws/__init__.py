"""Whole runs against EC2 in this process: what they create, delete, keep and tell."""
