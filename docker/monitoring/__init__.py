"""What the compose profile `monitoring` needs: settings of Prometheus and Grafana, and Flower."""
