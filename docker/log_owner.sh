#!/bin/sh
# Entrypoint of the listener: makes the bind-mounted log folder writable for an ordinary user, then
# becomes that user for good. Docker creates a missing ./logs as root, and no image can know the
# owner of a folder on the host, so this one step needs root; nothing after it has any privilege.
#
# The user: the owner of ./logs when that is not root (so `mkdir logs` first and the files are
# yours), else LOG_UID (1000), to whom the folder is given.
set -eu

log=${RESULT_LOG:-/app/logs/result_listener.log}
folder=$(dirname "$log")
mkdir -p "$folder"

if [ "$(id -u)" != 0 ]; then
  exec "$@"
fi

uid=$(stat -c %u "$folder")
gid=$(stat -c %g "$folder")
if [ "$uid" = 0 ]; then
  uid=${LOG_UID:-1000}
  gid=${LOG_GID:-$uid}
  chown "$uid:$gid" "$folder" ||
    { echo "cannot give $folder to user $uid: on the host, run: sudo chown $uid:$gid logs" >&2; exit 1; }
fi
for file in "$folder"/*; do
  # a log left by an earlier run as another user
  [ ! -f "$file" ] || [ "$(stat -c %u "$file")" = "$uid" ] || chown -h "$uid:$gid" "$file"
done
# an empty log at once, so that `tail -f` has something to follow before anybody has spoken
exec setpriv --reuid "$uid" --regid "$gid" --clear-groups --inh-caps=-all --no-new-privs -- \
  sh -c '[ -e "$0" ] || touch "$0"; exec "$@"' "$log" "$@"
