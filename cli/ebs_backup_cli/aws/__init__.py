"""What the command reads and calls in the account: who asks, the deployed stack and its function, and its log."""
