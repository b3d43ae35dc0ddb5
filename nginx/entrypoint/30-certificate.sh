#!/bin/sh
# Chooses the certificate that nginx uses and links it into $NGX_RUN/tls; run at start and again by
# 40-watch-certificate.sh. In this order: one put into $NGX_CERTS/own, Let's Encrypt's for $DOMAIN,
# a self-signed one made here (kept in the volume, renewed a month before it ends).
set -eu

own=$NGX_CERTS/own
acme=$NGX_CERTS/letsencrypt/live/${DOMAIN:-none}
self=$NGX_CERTS/selfsigned-${DOMAIN:-localhost}

usable() {
  [ ! -e "$1/privkey.pem" ] || [ -r "$1/privkey.pem" ] ||
    { echo "certificate: $1/privkey.pem may not be read by user $(id -u), not used" >&2; return 1; }
  [ -r "$1/fullchain.pem" ] && [ -r "$1/privkey.pem" ] || return 1
  openssl x509 -noout -in "$1/fullchain.pem" 2>/dev/null ||
    { echo "certificate: $1/fullchain.pem is not a certificate in PEM format, not used" >&2; return 1; }
  [ "$(openssl x509 -noout -pubkey -in "$1/fullchain.pem")" = "$(openssl pkey -pubout -in "$1/privkey.pem" 2>/dev/null)" ] ||
    { echo "certificate: $1/privkey.pem is not the key of $1/fullchain.pem, not used" >&2; return 1; }
}

make_selfsigned() {
  names="DNS:localhost,IP:127.0.0.1"
  case ${DOMAIN:-} in
    '') ;;
    *[!0-9.]*) names="DNS:$DOMAIN,$names" ;;
    *) names="IP:$DOMAIN,$names" ;;
  esac
  mkdir -p "$self"
  (umask 077 && openssl req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 825 \
    -subj "/O=self-signed/CN=${DOMAIN:-localhost}" -addext "subjectAltName=$names" \
    -keyout "$self/privkey.pem.new" -out "$self/fullchain.pem.new" 2>/dev/null)
  mv "$self/privkey.pem.new" "$self/privkey.pem"
  mv "$self/fullchain.pem.new" "$self/fullchain.pem"
  echo "certificate: made a self-signed one for ${DOMAIN:-localhost}; browsers will warn until a real one is there" >&2
}

if usable "$own"; then
  chosen=$own
elif usable "$acme"; then
  chosen=$acme
else
  chosen=$self
  usable "$self" && openssl x509 -noout -checkend 2592000 -in "$self/fullchain.pem" >/dev/null || make_selfsigned
fi

# Strict-Transport-Security only with a certificate that browsers accept by themselves: with a
# self-signed one it would lock people out of the "proceed anyway" they need.
if [ "$chosen" = "$self" ]; then
  : >"$NGX_RUN/tls/hsts.conf"
else
  echo 'add_header Strict-Transport-Security "max-age=15552000" always;' >"$NGX_RUN/tls/hsts.conf"
fi
ln -sfn "$chosen/fullchain.pem" "$NGX_RUN/tls/fullchain.pem"
ln -sfn "$chosen/privkey.pem" "$NGX_RUN/tls/privkey.pem"
