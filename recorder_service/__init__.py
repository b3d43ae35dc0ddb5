"""Command-line client of the live socket, and the example for people who write their own.

Read `conversation.py` first: it is the whole protocol from a client's side. Imports `contracts`,
never another service.
"""
