"""Hourly work and commands: retention, audit of the rollups, repricing."""
