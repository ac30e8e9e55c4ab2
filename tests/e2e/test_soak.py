#!/usr/bin/python3
"""tests/soak for a few seconds: everything at once, then every packet and buffer accounted for."""

import os
import unittest

import bgwtest
import soaking

SECONDS = 6 if os.environ.get("BGW_TEST_QUICK") else 12


class ShortSoak(unittest.TestCase):
    def test_O4_everything_at_once(self):
        lab = self.enterContext(bgwtest.Lab())
        figures = soaking.Soak(lab).run(SECONDS)
        print(*(f"     {line}" for line in figures.lines()), sep="\n")
        self.assertEqual(list(figures.complaints(long=False)), [])


if __name__ == "__main__":
    bgwtest.main()
