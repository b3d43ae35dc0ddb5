"""What only containers need: health checks and the owner of the log folder."""
