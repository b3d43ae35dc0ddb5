"""The gateway: live audio from sockets is cut into utterances for the workers; their words go back."""

__version__ = "0.1.0"
