"""The mutants that prove this suite (`make mutants` runs them, which takes minutes) still fit the code."""

import shutil
from pathlib import Path

import pytest

from tests.faults.mutants import FUNCTION, ROOT, apply
from tests.faults.mutations import MUTANTS, Mutant


@pytest.mark.parametrize("broken", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_every_text_that_a_mutant_replaces_is_there_once(tmp_path: Path, broken: Mutant) -> None:
    for name, _, _ in broken.edits:
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / FUNCTION / name, copy)

    apply(broken, tmp_path)

    for name, _, _ in broken.edits:
        compile((tmp_path / name).read_text("utf-8"), name, "exec")
