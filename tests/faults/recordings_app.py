"""The recordings worker whose decoder obeys the marks in a file's bytes, but for those that are the speech worker's:
`python -m celery -A tests.faults.recordings_app worker ...`.
"""

import os
from typing import BinaryIO

from fastapi_service.recordings import decode, prepare
from fastapi_service.recordings.app import create_app
from fastapi_service.recordings.rules import DecodeRules
from tests.faults import poison

_decode = decode.decode


def fragile(file: BinaryIO, rules: DecodeRules) -> decode.Decoding:
    kind = poison.kind_in(file.read())
    if kind in (poison.CRASH, poison.HANG):
        poison.obey(kind)
    if kind == poison.CRASH_ANALYZER:
        raise RuntimeError("the decoder does not like this file")
    return _decode(file, rules)


prepare.decode = fragile
app = create_app(os.environ)
