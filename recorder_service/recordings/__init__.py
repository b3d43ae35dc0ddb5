"""Command-line client of recordings (`/v1/jobs`), and the example for people who write their own.

Read `upload.py` and `following.py` first: they are the two things a client has to get right, an upload
that may be sent again and events that go on after a break. `server.py` is HTTP and what is said no to,
`event_stream.py` and `order.py` are pure, the rest is for the terminal. Nothing here needs audio or a model.
"""
