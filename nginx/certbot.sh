#!/bin/sh
# Runs in the certbot container (profile "letsencrypt"): gets the certificate for $DOMAIN through
# nginx's /.well-known/acme-challenge/ and keeps it renewed; nginx notices the new file by itself.
set -u

[ -n "${DOMAIN:-}" ] || { echo "DOMAIN is not set: write DOMAIN=your.host.name into .env" >&2; sleep 60; exit 1; }

account="--register-unsafely-without-email"
[ -n "${LETSENCRYPT_EMAIL:-}" ] && account="--email $LETSENCRYPT_EMAIL"
staging=
[ "${LETSENCRYPT_STAGING:-false}" = true ] && staging=--staging

while :; do
  # $account and $staging are split on purpose
  if certbot certonly --non-interactive --agree-tos --keep-until-expiring --webroot --webroot-path /certs/acme \
    --config-dir /certs/letsencrypt --work-dir /tmp/work --logs-dir /tmp/logs \
    --cert-name "$DOMAIN" --domain "$DOMAIN" $account $staging; then
    pause=43200
  else
    echo "no certificate for $DOMAIN yet, next try in an hour: its DNS entry must point here and port 80 must be open" >&2
    pause=3600
  fi
  sleep "$pause"
done
