"""Celery worker that judges the sentiment of a transcript and commits the result."""
