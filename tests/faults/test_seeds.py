"""A minute of chance for every kept seed: faults of every kind while eight people speak, shipped models in
one speech worker and the analyzer. Afterwards the books must be right.
"""

from pathlib import Path

import pytest

from tests.faults import seeds
from tests.faults.play import Script, perform
from tests.faults.stage import ANALYZER, STT, Cast


@pytest.mark.parametrize("seed", seeds.kept())
def test_nothing_accepted_is_lost_or_doubled(seed: int, tmp_path: Path) -> None:
    outcome = perform(tmp_path, Script(seed, 60.0, cast=Cast(shipped=(STT[0], ANALYZER))))
    timeline = [f"{fault.at:.3f} {fault.kind} ({fault.target})" for fault in outcome.thrown]
    assert not outcome.differences, "\n".join([*outcome.differences, *timeline])
    assert outcome.accepted > 20 and len(outcome.thrown) > 5
