"""Recordings: uploads that become jobs, their way through the workers, and their results."""
