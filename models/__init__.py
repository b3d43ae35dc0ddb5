"""The speech and sentiment models that ship with the product; how they are made is in `training/`."""
