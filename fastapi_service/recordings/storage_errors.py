"""What can go wrong with the storage of recordings. A message says what was wrong and what to do, for whoever
runs the service: it names folders and buckets, so a client is told the kind alone."""


class StorageError(Exception):
    """The storage did not do what was asked; nothing half done is to be seen."""


class StorageFull(StorageError):
    """No room for more: a full disk, a quota."""


class StorageAway(StorageError):
    """It does not answer, refuses, or its place is not there. Another try may help, or the message says what would."""


class NotThere(StorageError):
    """No such file, or not so much of it: never stored, or deleted meanwhile."""
