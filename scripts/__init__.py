"""What `make` runs: installing, starting the Procfile, the demo. No service imports from here."""
