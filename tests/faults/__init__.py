"""Every fault that AWS can cause, over a real wire: the function ends in the right state whatever happens."""
