"""Webhooks: a job's end told to an address that its sender named."""
