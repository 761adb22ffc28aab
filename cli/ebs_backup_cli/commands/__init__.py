"""One module for each command: it asks AWS, lets the core decide, and returns what is printed."""
