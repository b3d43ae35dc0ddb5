#!/bin/sh
# Leaves a loop in the background that looks for a new or renewed certificate and reloads nginx,
# which keeps open sockets on the old one until they close.
set -eu

here=$(dirname "$0")

fingerprint() {
  cat "$NGX_RUN/tls/fullchain.pem" "$NGX_RUN/tls/hsts.conf" | cksum
}

watch_certificate() {
  seen=$(fingerprint)
  while sleep "${CERT_CHECK_SECONDS:-60}"; do
    "$here/30-certificate.sh" || { echo "certificate: could not be renewed, the present one stays" >&2; continue; }
    now=$(fingerprint)
    [ "$now" = "$seen" ] && continue
    if nginx -t -q -c "$NGX_RUN/nginx.conf" && nginx -s reload -c "$NGX_RUN/nginx.conf"; then
      echo "certificate: changed, nginx reloaded" >&2
      seen=$now
    fi
  done
}

if [ "${1:-}" = wait ]; then watch_certificate; else watch_certificate & fi
