"""Makes the shipped models from nothing: text from a grammar, speech from espeak-ng. No service imports this."""
