"""What was deleted and can come back: what the Recycle Bin holds, and how one of its snapshots is brought back."""
