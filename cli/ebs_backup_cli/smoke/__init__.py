"""A small volume in a real account: what is tried on it, and the report."""
