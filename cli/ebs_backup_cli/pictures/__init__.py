"""What people rather look at than read: the simulation, and the page."""
