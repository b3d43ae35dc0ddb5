#!/bin/sh
# Runs in the minio container (profile "minio"): starts the server and makes the bucket that STORAGE_URL names.
set -u

bucket=${STORAGE_URL:-}
bucket=${bucket#s3://}
bucket=${bucket%%/*}
password=${MINIO_ROOT_PASSWORD:-}
if [ -z "$bucket" ]; then
  echo "STORAGE_URL names no bucket: write STORAGE_URL=s3://recordings into .env" >&2
  exit 1
fi
if [ -z "${MINIO_ROOT_USER:-}" ] || [ "${#password}" -lt 8 ]; then
  echo "MinIO needs its keys: write AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (8 characters or more) into .env" >&2
  exit 1
fi

# tells the health check that the bucket is there; HOME is /tmp
rm -f "$HOME/bucket"
(
  until mc alias set here http://127.0.0.1:9000 "$MINIO_ROOT_USER" "$password" >/dev/null 2>&1 \
    && mc mb --ignore-existing "here/$bucket" && : >"$HOME/bucket"; do
    sleep 1
  done
) &
exec minio server /data
