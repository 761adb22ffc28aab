"""From settings.toml and `-c` to the stacks to build: read, checked, or refused in one line.

Nothing here imports the CDK, so that the operator's command reads the same file with the same checks.
"""
