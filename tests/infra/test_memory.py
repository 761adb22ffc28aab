"""The function's memory size is the one that docs/performance.md chooses from what was measured."""

import pytest
from aws_cdk.assertions import Template

from infra.stack import MEMORY
from tests.infra.conftest import ROOT

PERFORMANCE = (ROOT / "docs" / "performance.md").read_text("utf-8")


def rows(title: str) -> list[list[str]]:
    """Return the cells of the table under this heading, without its head."""
    section = PERFORMANCE.partition(f"### {title}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


def test_the_function_has_the_memory_that_the_benchmark_chose(template: Template) -> None:
    template.has_resource_properties("AWS::Lambda::Function", {"MemorySize": MEMORY})

    assert f"Chosen: {MEMORY} MB" in PERFORMANCE


def test_5000_volumes_fit_twice() -> None:
    (peak,) = [float(row[4]) for row in rows("Runs") if row[0] == "ours, N=5,000"]

    assert 2 * peak <= MEMORY


@pytest.mark.parametrize("volumes", ["10", "100", "1,000"])
def test_no_larger_size_is_cheaper(volumes: str) -> None:
    prices = {}
    for run, _, usd, _ in rows("Memory size by cost"):
        number, megabytes = run.removesuffix(" MB").rsplit(", ", 1)
        if number == volumes:
            prices[int(megabytes.replace(",", ""))] = float(usd)

    assert prices[MEMORY] == min(usd for megabytes, usd in prices.items() if megabytes >= MEMORY)
