"""An index that attests wheels, a channel that attests packages, and environments made from them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from tests.loopback import LoopbackIndex, body, edited
from tests.real_python import RealChannel
from tests.sigstoremaker import Signer, Sigstore
from wheelbridge.api.attesting import check_attestations
from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.api.specs import read_request
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.attestation import AttestationPolicy
from wheelbridge.model.source import Source
from wheelbridge.target.detect import detect_target


@dataclass
class Attested:
    """An index that attests wheels, and the environments made from it."""

    folder: Path
    channel: RealChannel
    index: LoopbackIndex
    sigstore: Sigstore

    def attest(self, wheel: Path, *signers: Signer, **changes: str) -> None:
        """Let the index name and serve the provenance of *wheel*, about another name or digest as *changes* say."""
        digest = sha256(wheel.read_bytes()).hexdigest()
        document = self.sigstore.provenance(changes.get("name", wheel.name), changes.get("digest", digest), *signers)
        self.serve(wheel, document)

    def serve(self, wheel: Path, document: Mapping[str, Any]) -> None:
        """Serve *document* as the provenance of *wheel*."""
        path = f"/integrity/{wheel.name}/provenance"
        project = canonicalize_name(wheel.name.partition("-")[0])

        def name(page: dict[str, Any]) -> None:
            for file in page["files"]:
                if file["filename"] == wheel.name:
                    file["provenance"] = self.index.root + path

        self.index.fail(f"/simple/{project}/", edited(name))
        self.index.fail(path, body(json.dumps(document).encode(), "application/vnd.pypi.integrity.v1+json"))

    def settings(
        self, policy: AttestationPolicy | None, channel_policy: AttestationPolicy | None = None, **changes: Any
    ) -> Settings:
        """Describe the two sources, with what each must prove."""
        sources = (
            Source("real", "channel", changes.pop("channel", self.channel.url), 0, attestations=channel_policy),
            Source("corp", "index", self.index.url, 1, attestations=policy),
        )
        caches = Caches(self.folder / "cache")
        return Settings(target=detect_target(), sources=sources, caches=caches, **changes)

    def prepare(self, settings: Settings, *specs: str, prefix: str = "env", create: bool = True) -> Prepared:
        """Solve."""
        request = read_request(specs or ("python", "pypi:lib==1.0"))
        return prepare(self.folder / prefix, request, settings, Silent(), create=create)

    def create(self, settings: Settings, *specs: str, prefix: str = "env", create: bool = True) -> Path:
        """Solve, verify as `carry_out` does between download and transaction, and link."""
        prepared = self.prepare(settings, *specs, prefix=prefix, create=create)
        carry_out(prepared, settings, Reporter())
        return self.folder / prefix

    def check(self, settings: Settings, *specs: str) -> list[str]:
        """Solve and verify, alone; return what would be installed."""
        prepared = self.prepare(settings, *specs)
        check_attestations(prepared.solution, prepared.plan, settings, settings.open_providers())
        return [package.name for package in prepared.solution.packages]

    @property
    def asked(self) -> int:
        """How often a provenance object was asked for."""
        return self.index.count("/integrity/")


def attest_channel(real: RealChannel, folder: Path, bundle: Mapping[str, Any] | None) -> str:
    """Copy the channel into *folder*, with an attestation of its python; return its URL."""
    subdir = folder / real.python.subdir
    subdir.mkdir(parents=True)
    (folder / "noarch").mkdir()
    name = real.python.file_name
    os.link(real.folder / real.python.subdir / name, subdir / name)
    (folder / "noarch" / "repodata.json").write_bytes((real.folder / "noarch" / "repodata.json").read_bytes())
    repodata = json.loads((real.folder / real.python.subdir / "repodata.json").read_bytes())
    if bundle is not None:
        sidecar = json.dumps([bundle]).encode()
        digest = sha256(sidecar).hexdigest()
        (subdir / f"{name}.sigs.{digest}").write_bytes(sidecar)
        repodata["packages.conda"][name]["attestations_sha256"] = digest
    (subdir / "repodata.json").write_text(json.dumps(repodata), encoding="utf-8")
    return folder.as_uri()
