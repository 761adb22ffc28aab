"""The quarter that README's picture shows: the default settings, from October to December 2026."""

from datetime import date

from ebs_backup_cli.pictures.simulation import Simulation, simulate
from tests.unit.builders import settings

START, DAYS = date(2026, 10, 1), 92


def quarter(**overrides: object) -> Simulation:
    """Simulate the quarter with the default settings and these changes."""
    return simulate(settings(**overrides), START, DAYS)
