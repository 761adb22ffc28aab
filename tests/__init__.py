"""Tests: units, infra and faults, in folders of their own."""
