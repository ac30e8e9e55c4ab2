#!/usr/bin/python3
"""tests/check_dependencies finds what points the wrong way: each case is one wrong line in a copy of the tree."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("config", "lpm", "dataplane", "control")


class WrongIncludes(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="bgw-dependencies-")
        self.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)
        for folder in FOLDERS:
            shutil.copytree(TOP / folder, self.top / folder)

    def complaints(self):
        run = subprocess.run([TOP / "tests/check_dependencies", "--includes-only", "--top", self.top],
                             capture_output=True, text=True)
        self.assertEqual(run.returncode, 1 if run.stdout else 0, run.stderr)
        return run.stdout

    def refuses(self, file, include, why):
        path = self.top / file
        path.write_text(path.read_text() + f'#include "{include}"\n' if path.exists() else f'#include "{include}"\n')
        complaints = self.complaints()
        self.assertIn(f'{file}:{len(path.read_text().splitlines())}: includes "{include}": {why}', complaints)
        self.assertEqual(len(complaints.splitlines()), 1, complaints)

    def test_the_tree_itself(self):
        self.assertEqual(self.complaints(), "")

    def test_folder_against_the_order(self):
        self.refuses("lpm/table.cpp", "config/ip.h", "lpm/ must not depend on config/")

    def test_room_against_the_order(self):
        self.refuses("control/packets/arp.cpp", "control/slow_path/slow_path.h",
                     "control/packets/ must not depend on control/slow_path/")

    def test_rooms_side_by_side(self):
        self.refuses("control/fib/fib_walk.cpp", "control/slow_path/slow_path.h",
                     "control/fib/ must not depend on control/slow_path/")

    def test_pure_room(self):
        self.refuses("control/routes/rib.cpp", "lpm/lpm.h", "control/routes/ is pure and must not depend on lpm/")

    def test_client_stands_alone(self):
        for include in ("config/ip.h", "control/api/json.h"):
            with self.subTest(include):
                self.setUp()
                self.refuses("control/cli/table.cpp", include, "control/cli/ includes nothing else")

    def test_nothing_includes_the_client(self):
        self.refuses("control/api/json.cpp", "control/cli/table.h",
                     "control/api/ must not depend on control/cli/")

    def test_unpublished_header(self):
        self.refuses("control/commit/engine.cpp", "dataplane/walk/worker.h",
                     "control/ sees only dataplane/published/")

    def test_what_is_published_stands_alone(self):
        for include in ("dataplane/exchange/rcu.h", "dataplane/walk/burst.h"):
            with self.subTest(include):
                self.setUp()
                self.refuses("dataplane/published/fib.h", include,
                             f"dataplane/published/ must not depend on {include.rpartition('/')[0]}/")

    def test_devices_know_nothing_of_the_walk(self):
        self.refuses("dataplane/device/ports.cpp", "dataplane/walk/worker.h",
                     "dataplane/device/ must not depend on dataplane/walk/")

    def test_new_room_must_be_named(self):
        (self.top / "control/annex").mkdir()
        self.refuses("control/annex/a.cpp", "config/ip.h", "control/annex is no room of ROOMS")

    def test_file_beside_the_rooms(self):
        for folder in ("control", "dataplane"):
            with self.subTest(folder):
                self.setUp()
                (self.top / folder / "stray.h").write_text("")
                self.assertEqual(self.complaints(), f"{folder}/stray.h: {folder}/ has rooms and no files beside them\n")


if __name__ == "__main__":
    unittest.main()
