"""Attestations required of real sources, from the solve to the prefix."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rattler import PackageRecord, RepoDataRecord
from rattler.package import BuildString

from tests.attestations.stage import Attested, attest_channel
from tests.e2e.conftest import wheels
from tests.loopback import LoopbackIndex
from tests.real_python import RealChannel
from tests.sigstoremaker import Signer, Sigstore, conda_statement, github
from wheelbridge.api.attesting import TRUSTED_ROOT_VARIABLE, check_attestations
from wheelbridge.api.solving import Settings
from wheelbridge.configuration.documents import read_document
from wheelbridge.errors import WheelbridgeError
from wheelbridge.index.errors import OfflineError
from wheelbridge.installer.plan import make_plan
from wheelbridge.model.attestation import (
    AttestationInvalidError,
    AttestationMissingError,
    AttestationPolicy,
    AttestationsUnavailableError,
    AttestationUnwantedError,
    TrustedRootError,
)
from wheelbridge.model.source import Source
from wheelbridge.solver.problem import ResolvedPackage, Solution, Statistics

__all__ = ["wheels"]

ANYBODY = AttestationPolicy()
OCTO = AttestationPolicy(publishers=(("lib", "github:octo/*"),))
LIB = github("Octo/Lib")


@pytest.fixture
def attested(
    tmp_path: Path,
    real_channel: RealChannel,
    wheels: dict[str, list[Path]],
    sigstore: Sigstore,
    trusted_root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Attested]:
    """An index that attests nothing yet."""
    monkeypatch.setenv(TRUSTED_ROOT_VARIABLE, str(trusted_root))
    with LoopbackIndex(wheels) as index:
        yield Attested(tmp_path, real_channel, index, sigstore)


@pytest.fixture
def wheel(wheels: dict[str, list[Path]]) -> Path:
    """The wheel that is asked for: lib 1.0."""
    return wheels["lib"][0]


class TestWheels:
    """From the page to the prefix."""

    def test_attested_by_whom_it_should_be(self, attested: Attested, wheel: Path) -> None:
        """The environment is made; what verified once is not asked for again."""
        attested.attest(wheel, LIB)

        prefix = attested.create(attested.settings(OCTO))

        assert list(prefix.rglob("site-packages/lib.py"))
        assert attested.asked == 1
        attested.create(attested.settings(OCTO), prefix="again")
        assert attested.asked == 1

    @pytest.mark.parametrize(
        ("signers", "changes", "error"),
        [
            pytest.param((LIB,), {"digest": "ab" * 32}, AttestationInvalidError, id="another digest"),
            pytest.param((LIB,), {"name": "lib-1.1-py3-none-any.whl"}, AttestationInvalidError, id="another name"),
            pytest.param((github("evil/lib"),), {}, AttestationUnwantedError, id="another publisher"),
            pytest.param(
                (replace(github("evil/lib"), publisher=LIB.publisher),),
                {},
                AttestationInvalidError,
                id="a borrowed name",
            ),
        ],
    )
    def test_a_failure_leaves_nothing_behind(
        self,
        attested: Attested,
        wheel: Path,
        signers: tuple[Signer, ...],
        changes: dict[str, str],
        error: type[WheelbridgeError],
    ) -> None:
        """No prefix is begun."""
        attested.attest(wheel, *signers, **changes)

        with pytest.raises(WheelbridgeError) as failed:
            attested.create(attested.settings(OCTO))

        assert type(failed.value) is error
        assert failed.value.as_json()["file"] == wheel.name
        assert failed.value.as_json()["project"] == "lib"
        assert failed.value.as_json()["source"] == "corp"
        assert not (attested.folder / "env").exists()

    def test_an_older_version_is_attested(self, attested: Attested, wheel: Path) -> None:
        """The solve takes it, and tells why not the newest one."""
        attested.attest(wheel, LIB)

        prepared = attested.prepare(attested.settings(OCTO), "python", "pypi:lib")

        assert [package.version for package in prepared.solution.packages if package.name == "lib"] == ["1.0"]
        assert {(item.fn, item.code) for item in prepared.solution.refused} == {
            ("lib-1.1-py3-none-any.whl", "no-provenance")
        }

    def test_none_is_attested(self, attested: Attested) -> None:
        """The solve says that this is why there is nothing to take."""
        with pytest.raises(WheelbridgeError) as failed:
            attested.create(attested.settings(ANYBODY))

        assert "must attest its files" in json.dumps(failed.value.as_json(), default=str)
        assert not (attested.folder / "env").exists()

    def test_the_page_names_a_provenance_that_is_not_there(self, attested: Attested, wheel: Path) -> None:
        """404 is none."""
        attested.attest(wheel, LIB)
        attested.index.fail("/integrity/", lambda _, reply: replace(reply, status=404))

        with pytest.raises(AttestationMissingError):
            attested.create(attested.settings(OCTO))

    def test_a_cached_wheel_under_a_later_policy(self, attested: Attested, wheel: Path) -> None:
        """What was unpacked when nothing had to be proved is verified when it must be, and not downloaded again."""
        attested.attest(wheel, github("evil/lib"))
        attested.create(attested.settings(None))
        downloads = attested.index.count("/files/")
        assert attested.asked == 0

        attested.create(attested.settings(ANYBODY), prefix="anybody")
        with pytest.raises(AttestationUnwantedError):
            attested.create(attested.settings(OCTO), prefix="octo")

        assert attested.index.count("/files/") == downloads
        assert attested.asked > 0
        assert not (attested.folder / "octo").exists()

    def test_what_is_installed_stays(self, attested: Attested, wheel: Path) -> None:
        """A policy is for what comes, not for what is there."""
        attested.create(attested.settings(None))
        attested.attest(wheel, github("evil/lib"))

        prefix = attested.create(attested.settings(OCTO, offline=False), "pypi:lib==1.0", create=False)

        assert list(prefix.rglob("site-packages/lib.py"))
        assert attested.asked == 0

    def test_an_unwanted_verdict_may_change(self, attested: Attested, wheel: Path) -> None:
        """The index may add the right attestation later; who verified before is not who verifies now."""
        attested.attest(wheel, github("evil/lib"))
        attested.check(attested.settings(ANYBODY))
        attested.attest(wheel, github("evil/lib"), LIB)

        attested.check(attested.settings(OCTO))

        assert attested.asked == 2

    def test_a_verdict_is_that_of_one_trusted_root(
        self, attested: Attested, wheel: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Under another one, it is verified anew."""
        attested.attest(wheel, LIB)
        attested.check(attested.settings(OCTO))
        root = attested.folder / "root.json"
        root.write_text(Sigstore().trusted_root, encoding="utf-8")
        monkeypatch.setenv(TRUSTED_ROOT_VARIABLE, str(root))

        with pytest.raises(AttestationInvalidError):
            attested.check(attested.settings(OCTO))

    def test_a_damaged_verdict_is_none(self, attested: Attested, wheel: Path) -> None:
        """It is made anew."""
        attested.attest(wheel, LIB)
        attested.check(attested.settings(OCTO))
        (verdict,) = (attested.folder / "cache" / "attestations").rglob("*.json")
        verdict.write_bytes(b"[]")

        attested.check(attested.settings(OCTO))

        assert attested.asked == 2
        assert json.loads(verdict.read_bytes())["publishers"] == ["github:octo/lib"]

    def test_offline(self, attested: Attested, wheel: Path) -> None:
        """What verified before does; what did not is named, and no server asked."""
        attested.attest(wheel, LIB)
        attested.create(attested.settings(OCTO))
        asked = len(attested.index.requests)

        attested.create(attested.settings(OCTO, offline=True), prefix="again")
        (verdict,) = (attested.folder / "cache" / "attestations").rglob("*.json")
        verdict.unlink()
        with pytest.raises(OfflineError, match="/integrity/"):
            attested.create(attested.settings(OCTO, offline=True), prefix="more")

        assert len(attested.index.requests) == asked

    def test_a_trusted_root_that_is_not_there(
        self, attested: Attested, wheel: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No other one is taken in its place."""
        attested.attest(wheel, LIB)
        monkeypatch.setenv(TRUSTED_ROOT_VARIABLE, str(attested.folder / "absent.json"))

        with pytest.raises(TrustedRootError, match=r"absent\.json"):
            attested.check(attested.settings(OCTO))


class TestCondaPackages:
    """From the repodata to the prefix."""

    def settings(
        self, attested: Attested, policy: AttestationPolicy, signer: Signer | None, target: str | None = None
    ) -> Settings:
        """Describe a channel whose python *signer* attests, for the channel *target*."""
        folder = attested.folder / "channel"
        python = attested.channel.python
        digest = (python.sha256 or b"").hex()
        statement = conda_statement(python.file_name, digest, target or folder.as_uri())
        bundle = attested.sigstore.bundle(statement, signer) if signer else None
        url = attest_channel(attested.channel, folder, bundle)
        return attested.settings(None, policy, channel=url)

    def test_attested_by_whom_it_should_be(self, attested: Attested) -> None:
        """The environment is made; what verified once does not need its attestation again."""
        policy = AttestationPolicy(publishers=(("python", "github:octo/*"),))
        settings = self.settings(attested, policy, LIB)

        prefix = attested.create(settings, "python")
        for sidecar in attested.folder.glob("channel/*/*.sigs.*"):
            sidecar.unlink()
        attested.create(replace(settings, offline=True), "python", prefix="again")

        assert list(prefix.glob("conda-meta/python-*.json"))

    @pytest.mark.parametrize(
        ("signer", "target", "error"),
        [
            pytest.param(None, None, AttestationMissingError, id="none"),
            pytest.param(LIB, "https://host.example/other", AttestationInvalidError, id="another channel"),
            pytest.param(github("evil/lib"), None, AttestationUnwantedError, id="another publisher"),
        ],
    )
    def test_a_failure_leaves_nothing_behind(
        self, attested: Attested, signer: Signer | None, target: str | None, error: type[WheelbridgeError]
    ) -> None:
        """No prefix is begun, and no package is unpacked."""
        policy = AttestationPolicy(publishers=(("py*", "github:octo/*"),))
        settings = self.settings(attested, policy, signer, target)

        with pytest.raises(WheelbridgeError) as failed:
            attested.create(settings, "python")

        assert type(failed.value) is error
        assert failed.value.as_json()["project"] == "python"
        assert failed.value.as_json()["source"] == "real"
        assert not (attested.folder / "env").exists()
        assert not list(attested.folder.glob("cache/pkgs/python-*"))

    def test_globs_over_packages_are_read_as_they_stand(self, attested: Attested) -> None:
        """In the spelling of projects, this one would be a range of letters, and match."""
        policy = AttestationPolicy(publishers=(("[a_z]ython", "github:nobody/*"),))

        assert attested.check(self.settings(attested, policy, LIB), "python") == ["python"]

    def test_a_verdict_is_that_of_one_channel(self, attested: Attested) -> None:
        """CEP 27: ``targetChannel`` must match; a copy of the channel is another one, whatever verified before."""
        channel = attested.folder / "channel"
        attested.check(self.settings(attested, ANYBODY, LIB), "python")
        shutil.copytree(channel, attested.folder / "mirror", copy_function=os.link)

        with pytest.raises(AttestationInvalidError, match="targets channel"):
            attested.check(attested.settings(None, ANYBODY, channel=(attested.folder / "mirror").as_uri()), "python")

    def test_a_channel_on_the_network(self, attested: Attested) -> None:
        """Attestations are asked for once, and not at all offline."""
        folder = attested.folder / "channel"
        folder.mkdir()
        with LoopbackIndex({}, channel=folder) as server:
            folder.rmdir()
            self.settings(attested, ANYBODY, LIB, target=server.channel)
            settings = attested.settings(None, ANYBODY, channel=server.channel)
            attested.prepare(settings, "python")
            with pytest.raises(OfflineError, match=r"\.sigs\."):
                attested.check(replace(settings, offline=True), "python")
            before = self.sidecars_asked(server)
            attested.check(settings, "python")
            attested.check(replace(settings, offline=True), "python")

            assert (before, self.sidecars_asked(server)) == (0, 1)

    @staticmethod
    def sidecars_asked(server: LoopbackIndex) -> int:
        """Count the requests for attestations."""
        return sum(".sigs." in asked.path for asked, _ in server.requests)


def test_the_libraries_are_missing(attested: Attested, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One error says what to install."""
    attested.attest(wheel, LIB)
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)

    with pytest.raises(AttestationsUnavailableError) as failed:
        attested.check(attested.settings(OCTO))

    assert failed.value.source == "corp"
    assert failed.value.hint == "Install it: pip install 'wheelbridge[attestations]'."


def test_the_libraries_are_imported_only_to_verify() -> None:
    """They take half a second, and need not be there."""
    code = (
        "import sys, wheelbridge.api.attesting, wheelbridge.index.provenance\n"
        "assert not {'sigstore', 'pypi_attestations', 'cryptography'} & {*sys.modules}"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_sources_without_a_policy_need_nothing(attested: Attested, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a trusted root."""
    monkeypatch.setenv(TRUSTED_ROOT_VARIABLE, "/absent")

    prefix = attested.create(attested.settings(None))

    assert list(prefix.rglob("site-packages/lib.py"))
    assert attested.asked == 0


class TestWhosePolicy:
    """A package must prove what its source requires: the one of its kind and URL, whatever else is in the list."""

    def test_a_project_in_another_spelling(self, attested: Attested, wheels: dict[str, list[Path]]) -> None:
        """``Extra_Thing`` in a file is ``extra-thing`` of the index."""
        entry = {"name": "corp", "index": attested.index.url}
        policy = {"publishers": {"Extra_Thing": "github:corp/*"}}
        document = {"sources": [{**entry, "attestations": policy}]}
        (source,) = read_document(document, "wheelbridge.toml", attested.folder).sources
        attested.attest(wheels["extra-thing"][0], github("evil/x"))

        with pytest.raises(AttestationUnwantedError):
            attested.create(attested.settings(source.attestations or None), "python", "pypi:extra-thing")

    @pytest.mark.parametrize("last", [0, 1])
    def test_one_index_with_two_policies(self, attested: Attested, wheel: Path, last: int) -> None:
        """From Python, sources may say what no list of a command can; both policies hold."""
        attested.attest(wheel, github("evil/lib"))
        settings = attested.settings(OCTO)
        twin = Source("twin", "index", attested.index.url, 2, attestations=ANYBODY)
        channel, *indexes = (*settings.sources, twin)
        ordered = (channel, indexes[1 - last], indexes[last])

        with pytest.raises(AttestationUnwantedError):
            attested.create(replace(settings, sources=ordered))

    @pytest.mark.parametrize("channel_first", [True, False])
    def test_a_folder_that_is_a_channel_and_an_index(
        self, attested: Attested, wheels: dict[str, list[Path]], channel_first: bool
    ) -> None:
        """The wheels of the index need not prove what the packages of the channel must."""
        folder = attested.folder / "both"
        shutil.copytree(attested.channel.folder, folder, copy_function=os.link)
        for file in wheels["lib"]:
            shutil.copy(file, folder)
        settings = attested.settings(None)
        channel = Source("channel", "channel", folder.as_uri(), 1, explicit=True, attestations=ANYBODY)
        index = Source("index", "index", folder.as_uri(), 2)
        pair = (channel, index) if channel_first else (replace(index, tier=1), replace(channel, tier=2))

        attested.check(replace(settings, sources=(settings.sources[0], *pair)))
        with pytest.raises(AttestationMissingError) as failed:
            attested.check(replace(settings, sources=tuple(replace(one, explicit=False) for one in pair)))
        assert (failed.value.source, failed.value.project) == ("channel", "python")

    @pytest.mark.parametrize("relation", ["base", "overrides"])
    def test_a_channel_that_comes_along(self, attested: Attested, relation: str) -> None:
        """CEP 42: what a channel brings along must prove what that channel must."""
        good, evil = attested.folder / "channels" / "good", attested.folder / "channels" / "evil"
        shutil.copytree(attested.channel.folder, evil, copy_function=os.link)
        (good / "noarch").mkdir(parents=True)
        info = {"subdir": "noarch", "channel_relations": {relation: "../evil"}}
        (good / "noarch" / "repodata.json").write_text(json.dumps({"info": info, "packages": {}, "packages.conda": {}}))

        with pytest.raises(AttestationMissingError) as failed:
            attested.create(attested.settings(None, ANYBODY, channel=good.as_uri()), "python")
        assert failed.value.source == "evil"
        assert not (attested.folder / "env").exists()

    def test_a_wheel_of_a_channel(self, attested: Attested) -> None:
        """It goes by the name of its package, as everything in a channel."""
        url = "https://host.example/channel/noarch/foo_bar-1.0-py3-none-any.whl"
        record = RepoDataRecord(
            PackageRecord("foo_bar", "1.0", BuildString("0"), 0, "noarch", None, None),
            url.rpartition("/")[2],
            url,
            "https://host.example/channel",
        )
        package = ResolvedPackage(
            kind="wheel",
            name="foo_bar",
            pypi_name="foo-bar",
            version="1.0",
            build="0",
            build_number=0,
            subdir="noarch",
            source="channel",
            fn=record.file_name,
            url=url,
            sha256=None,
            size=None,
            depends=(),
            record=record,
        )
        channel = Source("channel", "channel", "https://host.example/channel", 0, attestations=ANYBODY)
        solution = Solution(packages=(package,), refused=(), statistics=Statistics(), sources=(channel,))

        with pytest.raises(AttestationMissingError) as failed:
            check_attestations(solution, make_plan((), (record,), "linux-64"), attested.settings(None), {})
        assert failed.value.project == "foo_bar"
