"""Settings from settings.toml and `-c`: read, checked, turned into stacks to build, or refused in one line.

Nothing here imports the CDK, so that the operator's command can read the same file with the same checks.
"""
