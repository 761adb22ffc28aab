"""Turns an outcome into texts for people and machines. Pure."""
