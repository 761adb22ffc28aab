"""What goes and why: the rules by examples, by properties and through simulated years."""
