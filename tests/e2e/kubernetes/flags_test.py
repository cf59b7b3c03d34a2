"""What the overlays of deploy/kubernetes start is what the programs take: their flags,
from arguments and environment, are checked by the programs themselves. The types of
Kubernetes' API are checked by tests/manifests."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("GATHER_BIN", ROOT / "build/release/bin"))
OVERLAYS = ("", "edge", "tls", "edge-tls")
SERVERS = {"aggregator", "user", "order", "product"}


def servers_of(overlay):
    """The container of each server, by name."""
    manifests = subprocess.run(
        ["kubectl", "kustomize", ROOT / "deploy/kubernetes" / overlay],
        capture_output=True, check=True).stdout
    # The label is nobody's: this is how kubectl turns YAML into JSON by itself, one
    # object after the other.
    text = subprocess.run(
        ["kubectl", "label", "--local", "-f", "-", "-o", "json", "a=b"],
        input=manifests, capture_output=True, check=True).stdout.decode().strip()
    items, end = [], 0
    while end < len(text):
        item, end = json.JSONDecoder().raw_decode(text, end)
        items.append(item)
        end += len(text[end:]) - len(text[end:].lstrip())
    return {item["metadata"]["name"]: container for item in items
            if item["kind"] == "Deployment"
            for container in item["spec"]["template"]["spec"]["containers"]
            if container["image"].startswith("gather:")}


def run(container, command, certificates):
    """As the kubelet would, with the image's files and the secret's from here."""
    def here(text):
        text = text.replace("/usr/share/gather", f"{ROOT}/deploy/data")
        return text.replace("/tls/", f"{certificates}/{container['name']}/")
    env = {e["name"]: here(e["value"]) for e in container.get("env", ())}
    return subprocess.run(
        [BIN / command[0], *map(here, command[1:])], env=env, text=True,
        capture_output=True, check=False, timeout=60)


def checked(container, certificates):
    return run(container, [*container["args"], "--check_config"], certificates)


@unittest.skipUnless(shutil.which("kubectl"), "no kubectl")
class FlagsTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="gather-kubernetes-")
        cls.addClassCleanup(directory.cleanup)
        cls.certificates = directory.name
        subprocess.run([ROOT / "deploy/tls/make-certs.sh", directory.name],
                       check=True)

    def test_every_server_takes_its_flags(self):
        for overlay in OVERLAYS:
            servers = servers_of(overlay)
            self.assertEqual(servers.keys(), SERVERS)
            for name, container in servers.items():
                with self.subTest(f"{overlay} {name}"):
                    done = checked(container, self.certificates)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_tls_is_on_where_it_is_said_to_be(self):
        for overlay in OVERLAYS:
            for name, container in servers_of(overlay).items():
                with self.subTest(f"{overlay} {name}"):
                    done = checked(container, "/nowhere")
                    if "tls" in overlay:
                        self.assertEqual(done.returncode, 2)
                        self.assertIn("/nowhere", done.stderr)
                    else:
                        self.assertEqual(done.returncode, 0, done.stderr)

    def test_probes_by_gatherctl_take_their_flags(self):
        for container in servers_of("tls").values():
            for probe in ("startupProbe", "readinessProbe"):
                command = container[probe]["exec"]["command"]
                done = run(container, command, self.certificates)
                # Nothing is there to answer; 2 is bad usage.
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertNotIn("grpc", container[probe])

    def test_connections_live_for_an_hour_behind_the_edge_alone(self):
        for overlay in OVERLAYS:
            env = servers_of(overlay)["aggregator"]["env"]
            age = {e["name"]: e["value"] for e in env}["FLAGS_max_connection_age"]
            self.assertEqual(age, "1h" if "edge" in overlay else "10s", overlay)


if __name__ == "__main__":
    unittest.main()
