"""From an outcome to what people and machines read. Pure."""
