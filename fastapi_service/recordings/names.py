"""What a job's things are called in the storage. Pure."""


def upload_name(job_id: str) -> str:
    """The recording as it came."""
    return f"{job_id}/upload"


def pcm_name(job_id: str) -> str:
    """All its samples: s16le mono 16 kHz."""
    return f"{job_id}/pcm"


def result_name(job_id: str) -> str:
    """The encoded SpeechResult."""
    return f"{job_id}/result.json"
