"""The backups of other tools: which are certainly theirs, and what becomes of them in this set."""
