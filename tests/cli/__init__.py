"""The operator's command: each module alone."""
