"""Everything from nothing: `python -m models.training` (with espeak-ng installed; under an hour on two idle cores)."""

import argparse
import logging
from pathlib import Path

from . import corpus, measure, recordings, train_sentiment, train_speech


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".run/corpus"), help="the corpus is kept here, about 850 MB")
    options = parser.parse_args()
    corpus.build(options.work)
    train_sentiment.main([])
    first, second = options.work.with_name("first.pt"), options.work.with_name("second.pt")
    data = ["--corpus", str(options.work)]
    train_speech.main([*data, "--out", str(first)])
    train_speech.main(
        [*data, "--start", str(first), "--out", str(second), "--steps", "450", "--rate", "1e-3", "--seed", "2"]
    )
    train_speech.main([*data, "--start", str(second), "--steps", "300", "--rate", "6e-4", "--seed", "3"])
    recordings.main([])
    measure.main([])


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main()
