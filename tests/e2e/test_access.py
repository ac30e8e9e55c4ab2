#!/usr/bin/python3
"""Who may do what: groups at the socket, tokens and TLS from the network, certificates that change."""

import json
import pathlib
import signal
import subprocess
import unittest

import bgwtest
from bgwtest import eventually, run

NOBODY = 65534  # no member of the groups below, unless it is said
CONFIG = {"version": 1, "region": "test", "gateways": [{"name": "gw1"}],
          "vpcs": [{"name": "a", "cidrs": ["10.1.0.0/16"]}]}


class Access(unittest.TestCase):
    def setUp(self):
        self.lab = self.enterContext(bgwtest.Lab())
        run("ip", "-n", self.lab.gateway_namespace, "link", "set", "lo", "up")
        self.daemon = self.lab.daemon(CONFIG)
        self.directory = pathlib.Path(self.daemon.directory)

    def ask(self, *arguments, inside=False, **options):
        """Status and body of what curl gets."""
        enter = ["ip", "netns", "exec", self.lab.gateway_namespace] if inside else []
        done = subprocess.run([*enter, "curl", "--silent", "--show-error", "--write-out",
                               "\n%{http_code}", *map(str, arguments)],
                              capture_output=True, text=True, timeout=30, cwd="/", **options)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body or done.stderr

    def locally(self, method, path, group=NOBODY, also=()):
        status, _ = self.ask("--unix-socket", self.daemon.socket_path, "--request", method,
                             "--data", "{}", f"http://bgw/v1/{path}",
                             user=NOBODY, group=group, extra_groups=list(also))
        return status

    def token(self, name, role):
        printed = run(bgwtest.BGWD, "--make-token", name, role).stdout.split("\n")
        with open(self.directory / "tokens", "a") as tokens:
            tokens.write(printed[1] + "\n")
        return printed[0]

    def certificate(self, name):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
            "subjectAltName=DNS:gw.test,IP:127.0.0.1", "-keyout", self.directory / "key",
            "-out", self.directory / "cert")

    def test_groups_have_roles_at_the_socket(self):
        self.daemon.start("--admin-group", "bin", "--operator-group", "sys", "--reader-group",
                          "games")
        bin_, sys_, games = 2, 3, 60
        self.assertEqual(self.locally("GET", "status"), 403)
        self.assertEqual(self.locally("GET", "status", group=games), 200)
        self.assertEqual(self.locally("GET", "status", also=[33, games]), 200)
        self.assertEqual(self.locally("PUT", "gateways/g2", also=[games]), 403)
        self.assertEqual(self.locally("PUT", "gateways/g2", also=[games, sys_]), 201)
        self.assertEqual(self.locally("DELETE", "ports/p", also=[sys_]), 403)
        self.assertEqual(self.locally("DELETE", "ports/p", also=[bin_]), 404)
        self.assertEqual(self.daemon.ctl.json("gateway", "list")[1]["name"], "g2")

    def test_without_groups_the_socket_is_for_its_owner(self):
        self.daemon.start()
        self.assertEqual(self.daemon.socket_path.stat().st_mode & 0o777, 0o660)
        self.assertEqual(self.locally("GET", "status"), 0)

    def test_tokens_and_tls(self):
        self.certificate("one")
        anna, otto = self.token("anna", "reader"), self.token("otto", "tenant:default")
        self.daemon.start("--listen", "127.0.0.1:8443", "--tls-cert", self.directory / "cert",
                          "--tls-key", self.directory / "key", "--host", "gw.test",
                          "--token-file", self.directory / "tokens")

        def ask(token, *more, host="127.0.0.1"):
            return self.ask("--cacert", self.directory / "cert", "--resolve", "gw.test:8443:127.0.0.1",
                            "--resolve", "evil.test:8443:127.0.0.1", "-H",
                            f"Authorization: Bearer {token}", *more, f"https://{host}:8443/v1/vpcs",
                            inside=True)
        self.assertEqual(ask(anna)[0], 200)
        self.assertEqual(ask(anna, host="gw.test")[0], 200)
        self.assertEqual(ask(anna, "--insecure", host="evil.test")[0], 403)
        self.assertEqual(ask(anna, "-H", "Origin: https://evil.test")[0], 403)
        self.assertEqual(ask("bgw_" + "0" * 64)[0], 401)
        self.assertEqual(ask(anna, "--tls-max", "1.1")[0], 0)
        self.assertEqual([v["name"] for v in json.loads(ask(otto)[1])], ["a"])
        self.bgwctl_speaks_tls(anna)
        follower = self.events_come_by_tls()
        # Another certificate and one token less, while it runs.
        before = (self.directory / "cert").read_text()
        (self.directory / "tokens").write_text("")
        anna = self.token("anna", "reader")
        self.certificate("two")
        self.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: ask(otto)[0] == 401, 10, "the token is not taken any more")
        self.assertEqual(follower.wait(timeout=10), 3, "nor does it follow any more")
        self.assertEqual(ask(anna)[0], 200)
        (self.directory / "cert").write_text(before)
        self.daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: "what was read before goes on" in self.daemon.log(), 10,
                   "a certificate without its key is told of")

    def events_come_by_tls(self):
        follower = subprocess.Popen(
            ["ip", "netns", "exec", self.lab.gateway_namespace, bgwtest.BGWCTL, "--url",
             "https://127.0.0.1:8443", "--token-file", self.directory / "token", "--ca-cert",
             self.directory / "cert", "-j", "events", "--once", "--after", "0-0-0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.lab.processes.append(follower)
        self.assertEqual(json.loads(follower.stdout.readline())["event"], "reset")
        self.assertEqual(self.daemon.curl("PUT", "gateways/followed", {})[0], 201)
        while json.loads(follower.stdout.readline())["data"].get("generation") != 2:
            pass
        return follower

    def bgwctl_speaks_tls(self, token):
        (self.directory / "token").write_text(token + "\n")

        def bgwctl(url, *options):
            return run("ip", "netns", "exec", self.lab.gateway_namespace, bgwtest.BGWCTL, "--url",
                       url, "--token-file", self.directory / "token", *options, "vpc", "list", "-j",
                       check=False)
        ours = ["--ca-cert", self.directory / "cert"]
        listed = bgwctl("https://127.0.0.1:8443", *ours)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertEqual(json.loads(listed.stdout)[0]["name"], "a")
        stranger = bgwctl("https://127.0.0.1:8443")
        self.assertEqual(stranger.returncode, 3)
        self.assertIn("--ca-cert", stranger.stderr)
        other_name = bgwctl("https://localhost:8443", *ours)
        self.assertEqual(other_name.returncode, 3, "the certificate is not for localhost")
        self.assertEqual(bgwctl("127.0.0.1:8443").returncode, 3)

    def test_what_is_not_safe_is_refused(self):
        self.token("anna", "reader")
        tokens = ["--token-file", self.directory / "tokens"]
        for options, says in ((["--listen", "0.0.0.0:8443", *tokens], "give --tls-cert FILE"),
                              (["--listen", "127.0.0.1:8443"], "--listen needs --token-file"),
                              (["--listen", "127.0.0.1:8443", "--tls-cert", "x", *tokens],
                               "belong together"),
                              (["--reader-group", "no-such"], "there is no group 'no-such'")):
            done = run(*self.daemon.command(*map(str, options)), check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(says, done.stderr)


if __name__ == "__main__":
    bgwtest.main()
