"""From a restore point to a volume: which one, made how, and what can be read of it."""
