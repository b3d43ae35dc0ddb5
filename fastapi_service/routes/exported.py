"""What every route that gives a result out has in common: the `format` parameter, the answer, its description."""

from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import Response

from fastapi_service.recordings.exports import FORMS, disposition
from fastapi_service.recordings.result import SpeechResult

FormName = Annotated[
    Literal["json", "txt", "srt", "vtt", "csv"],
    Query(
        alias="format",
        description="json: everything; txt: a line per segment; srt, vtt: subtitles; csv: a row per segment",
    ),
]

_EXAMPLES = {
    "txt": "[0:00] Positive +0.99  I love this place.\n",
    "srt": "1\n00:00:00,400 --> 00:00:02,700\nI love this place.\n",
    "vtt": "WEBVTT\n\n00:00:00.400 --> 00:00:02.700\nI love this place.\n",
    "csv": "id,start,end,language,...\r\n1,0.4,2.7,en,...\r\n",
}

DESCRIBED: dict[int | str, dict[str, Any]] = {
    200: {
        "model": SpeechResult,
        "description": "The result in the form that `format` names, with a file name in Content-Disposition",
        "content": {
            FORMS[name].media_type.partition(";")[0]: {"schema": {"type": "string"}, "example": example}
            for name, example in _EXAMPLES.items()
        },
    }
}
"""For a route's `responses`."""


def answer(body: bytes, form: str, name: str) -> Response:
    """`body` as the file of the recording, or session, called `name`; kept by nobody on the way."""
    headers = {"Content-Disposition": disposition(name, form), "Cache-Control": "no-store"}
    return Response(body, headers={**headers, "Content-Type": FORMS[form].media_type})
