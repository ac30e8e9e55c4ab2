#!/usr/bin/python3
"""The example playbook sets up a gateway on a running bgwd, and a second run changes nothing."""

import json
import re
import shutil
import unittest

import bgwtest
import test_live_objects
import test_neighbours

PLAYBOOK = bgwtest.TOP / "config/examples/ansible/interconnect.yml"
# The playbook's VPCs, called as those of the lab.
VPCS = [{"vpc": v, "attachment": f"att-{v}", "advertise": advertise, "ranges": ["10.0.0.0/8"]}
        for v, advertise in (("a", ["web"]), ("b", "all"))]


class Playbook(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("ansible-playbook"):
            raise unittest.SkipTest("there is no ansible-playbook")
        cls.lab = cls.enterClassContext(bgwtest.Lab())
        test_neighbours.add_instances(cls.lab)
        cls.daemon = cls.lab.daemon(test_live_objects.unattached())
        cls.daemon.start()

    def play(self):
        """Counts of the recap, as {"ok": 3, "changed": 3, …}."""
        variables = json.dumps({"socket": str(self.daemon.socket_path), "vpcs": VPCS})
        done = bgwtest.run("ansible-playbook", PLAYBOOK, "-e", variables, "-i", "localhost,",
                           env={"PATH": "/usr/bin:/bin", "HOME": str(self.daemon.directory),
                                "LC_ALL": "C.UTF-8"})
        recap = done.stdout[done.stdout.index("PLAY RECAP"):]
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", recap)}

    def test_twice(self):
        address = test_neighbours.INSTANCES["b1"][1]
        self.assertFalse(self.lab.instances["a1"].ping(address))
        first = self.play()
        self.assertEqual((first["changed"], first["failed"]), (3, 0), first)
        self.assertTrue(self.lab.instances["a1"].ping(address))
        generation = self.daemon.ctl.json("status")["generation"]
        second = self.play()
        self.assertEqual((second["ok"], second["changed"], second["failed"]), (3, 0, 0), second)
        self.assertEqual(self.daemon.ctl.json("status")["generation"], generation)


if __name__ == "__main__":
    bgwtest.main()
