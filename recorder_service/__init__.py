"""Command-line client of the live socket, and the example for people who write their own.

Read `conversation.py` first: it is the whole protocol from a client's side, with `session.py`, what
one has to remember to go on after a break. The rest is audio (`sources`, `recording`, `backlog`),
waiting (`patience`), addresses (`gateways`) and showing (`displays`). Imports `contracts`, never
another service; without `__main__` it prints nothing and handles no signal, so that programs may
use a Conversation.
"""
