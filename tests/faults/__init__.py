"""Every fault that AWS can throw, over a real wire: the function ends right whatever happens to it."""
