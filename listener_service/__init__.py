"""Writes every result to `result_listener.log` and the console, with statistics."""
