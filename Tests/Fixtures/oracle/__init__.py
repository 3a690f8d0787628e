"""The reference side of Moonstep's tests: each module writes one folder of fixtures."""
