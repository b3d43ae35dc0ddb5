"""Fakes of our own Protocols, nothing else; each is smaller than a screen."""
