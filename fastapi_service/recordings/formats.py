"""Which kinds of file are opened and which codecs decoded: nothing else that FFmpeg knows is let near an upload.

Left out on purpose: playlists and whatever else names further files or addresses (hls, dash, concat, sdp,
image sequences), devices, and raw formats, which take any bytes for sound. Video is never decoded.
"""

import re

import av

CONTAINERS = {
    "aac": "AAC",
    "ac3": "AC-3",
    "aiff": "AIFF",
    "amr": "AMR",
    "asf": "WMA",
    "au": "AU",
    "avi": "AVI",
    "caf": "CAF",
    "eac3": "E-AC-3",
    "flac": "FLAC",
    "flv": "FLV",
    "matroska,webm": "WebM",
    "mov,mp4,m4a,3gp,3g2,mj2": "MP4",
    "mp3": "MP3",
    "mpeg": "MPEG",
    "mpegts": "MPEG-TS",
    "ogg": "OGG",
    "w64": "W64",
    "wav": "WAV",
    "wv": "WavPack",
}
"""FFmpeg's name of a demuxer -> what people call it."""

DECODERS = frozenset(name for name in av.codecs_available if name.startswith("pcm_")) | {
    "aac",
    "aac_latm",
    "ac3",
    "adpcm_ima_qt",
    "adpcm_ima_wav",
    "adpcm_ms",
    "alac",
    "amrnb",
    "amrwb",
    "eac3",
    "flac",
    "g722",
    "gsm",
    "gsm_ms",
    "mp2",
    "mp3float",
    "opus",
    "speex",
    "vorbis",
    "wavpack",
    "wmalossless",
    "wmapro",
    "wmav1",
    "wmav2",
    "wmavoice",
}
"""FFmpeg's names."""

OPTIONS = {
    "format_whitelist": ",".join(CONTAINERS),
    "codec_whitelist": ",".join(sorted(DECODERS)),
    "protocol_whitelist": "none",
    "max_streams": "64",
}
"""What a container is opened with: it may read the bytes that it is handed and open nothing by a name."""

MP4 = re.compile(rb".{4}ftyp", re.DOTALL)
BEGINNINGS = re.compile(
    rb"RIFF.{4}(WAVE|AVI )|RF64|riff|fLaC|OggS|\x1aE\xdf\xa3|ID3|FORM.{4}AIF|caff|#!AMR|wvpk|FLV\x01|0&\xb2u|.{4}ftyp",
    re.DOTALL,
)
"""How such files begin; one that does and cannot be opened is damaged, not something else."""
