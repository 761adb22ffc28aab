"""The backups that exist, and what the core decides about them: the same for every command."""
