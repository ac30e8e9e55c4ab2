#!/usr/bin/python3
"""`meson install`: what a host needs is there, and the unit starts what was installed."""

import os
import pathlib
import re
import shutil
import tempfile
import unittest

import bgwtest
from bgwtest import run


class Install(unittest.TestCase):
    def setUp(self):
        # Readable for everyone: --check needs no root.
        self.root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        os.chmod(self.root, 0o755)
        run("meson", "install", "-C", bgwtest.BUILD, "--no-rebuild", "--destdir", self.root)
        self.local = self.root / "usr/local"

    def test_programs_unit_schema_and_examples_are_installed(self):
        for path in ("bin/bgwd", "bin/bgwctl", "lib/systemd/system/bgwd.service",
                     "share/bgw/schema.json", "share/bgw/examples/two-nics.yaml",
                     "share/man/man1/bgwctl.1", "share/zsh/site-functions/_bgwctl",
                     "share/bash-completion/completions/bgwctl.bash",
                     "share/doc/bgw/README.md", "share/doc/bgw/TROUBLESHOOTING.md"):
            self.assertTrue((self.local / path).is_file(), path)
        examples = sorted((self.local / "share/bgw/examples").glob("*.yaml"))
        self.assertGreaterEqual(len(examples), 6)
        for example in examples:
            checked = run(self.local / "bin/bgwd", "--config", example, "--check")
            self.assertIn(": ok: ", checked.stdout)

    def test_bash_completes_what_was_installed(self):
        """As bash calls it, for a line that is being typed."""
        script = self.local / "share/bash-completion/completions/bgwctl.bash"
        line = ["bgwctl", "route", "li"]
        done = run("bash", "-c", f"PATH={self.local}/bin:$PATH; . {script}; COMP_WORDS=({' '.join(line)}); "
                   f"COMP_CWORD={len(line) - 1}; _bgwctl; printf '%s\n' \"${{COMPREPLY[@]}}\"")
        self.assertEqual(done.stdout, "list\n", done)

    def test_unit_starts_what_was_installed(self):
        unit = (self.local / "lib/systemd/system/bgwd.service").read_text()
        self.assertNotIn("@", re.sub(r"\S+@\S+\.\S+", "", unit))
        command = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1].split()
        self.assertEqual(command[0], "/usr/local/bin/bgwd")
        self.assertEqual(command[-1], "$BGWD_OPTIONS")
        # The options are ones that it has: what it says is about the file alone.
        empty = self.root / "none.yaml"
        options = [empty if option == "/etc/bgw/bgw.yaml" else option for option in command[1:-1]]
        done = run(self.root / command[0][1:], *options, "--check", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cannot read {empty}", done.stderr)

    def test_unit_goes_on_trying_and_reloads(self):
        unit = (self.local / "lib/systemd/system/bgwd.service").read_text()
        settings = dict(re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE))
        self.assertEqual(settings["StartLimitIntervalSec"], "0")
        self.assertEqual(settings["Restart"], "on-failure")
        self.assertEqual(settings["ExecReload"], "/bin/kill -HUP $MAINPID")

    def test_unit_is_one_for_systemd(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("there is no systemd-analyze")
        unit = self.local / "lib/systemd/system/bgwd.service"
        # It looks for the program where it will be.
        there = self.root / "bgwd.service"
        there.write_text(unit.read_text().replace("/usr/local/bin/bgwd",
                                                  str(self.local / "bin/bgwd")))
        done = run("systemd-analyze", "verify", "--man=no", there, check=False)
        self.assertNotIn("bgwd.service:", done.stderr)


if __name__ == "__main__":
    bgwtest.main()
