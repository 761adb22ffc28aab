"""The operator's command. It uses the function's own core; nothing of it enters the function's zip."""
