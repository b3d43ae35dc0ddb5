"""Speech to text as a Celery worker: audio claim check in, committed transcript out."""
