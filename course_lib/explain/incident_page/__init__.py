"""A page about one incident, for the person on call."""
