"""Locks made by real solves, on a channel in a folder and an index over HTTP."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.api.locking.stage import DOCUMENT, VARIANTS, Stage, package, versions
from tests.faults import edited
from tests.loopback import LoopbackIndex
from wheelbridge.api.locking.errors import UnhashedPackageError
from wheelbridge.environment.lock import LockedSource
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.model.source import Route


class TestWhatIsLocked:
    """A lock says of every package exactly what it is, and why it is there."""

    def test_a_conda_package_has_its_whole_record(self, stage: Stage) -> None:
        """CEP 36's fields are there, and what has its own place is not there twice."""
        app = package(stage.lock(stage.ask("app")).lock, "app")

        assert (app.kind, app.version, app.source, app.channel) == ("conda", "1.0", "channel", stage.channel.as_uri())
        assert app.record is not None
        assert app.record["depends"] == ["lib >=1"]
        assert app.record.keys().isdisjoint({"fn", "url", "channel"})
        assert app.file.hashes == {"sha256": app.record["sha256"]}
        assert app.file.url == f"{stage.channel.as_uri()}/linux-64/app-1.0-0.conda"

    def test_a_wheel_has_what_its_metadata_and_its_index_say(self, stage: Stage, index: LoopbackIndex) -> None:
        """Requirements, Requires-Python, hashes, size and upload time; with it comes what it requires."""
        lock = stage.lock(stage.ask("python=3.12", "pypi:tool")).lock
        tool = package(lock, "tool")

        assert (tool.kind, tool.pypi_name, tool.source) == ("wheel", "tool", "here")
        assert (tool.requires_dist, tool.requires_python) == (("helper>=1",), ">=3.9")
        assert tool.record is not None
        assert tool.record["sha256"] == tool.file.hashes["sha256"]
        assert tool.file.size
        assert tool.file.url.startswith(index.root)
        assert package(lock, "helper").requires_dist == ()

    def test_the_decision_and_the_sources_are_there(self, stage: Stage, index: LoopbackIndex) -> None:
        """Why a package is from its source, and which sources there were."""
        lock = stage.lock(stage.ask("python=3.12", "pypi:tool")).lock
        decision = package(lock, "tool").decision

        assert decision is not None
        assert (decision["source"], decision["tier"], decision["claim"]) == ("here", 1, "strict")
        assert lock.sources == (
            LockedSource(name="channel", kind="channel", url=stage.channel.as_uri(), tier=0, claim="strict"),
            LockedSource(name="here", kind="index", url=index.url, tier=1, claim="strict"),
        )

    def test_a_route_tells_the_name_of_its_file_alone(self, stage: Stage) -> None:
        """Where a configuration lies on this machine is nobody's business."""
        route = Route(pattern="tool", sources=("here",), origin="~/wheelbridge.toml")
        lock = stage.lock(stage.ask("python=3.12", "pypi:tool", routes=(route,))).lock

        decision = package(lock, "tool").decision
        assert decision is not None
        assert decision["route_origin"] == "wheelbridge.toml"
        assert lock.request is not None
        assert lock.request.routes == ("tool=here",)

    def test_the_same_input_makes_the_same_lock(self, stage: Stage) -> None:
        """Nothing of a run gets into a lock."""
        asked = stage.ask("python=3.12", "app", "pypi:tool", "pypi:accel")

        assert stage.lock(asked).lock == stage.lock(asked).lock

    def test_records_are_complete(self, stage: Stage) -> None:
        """What is requested is told as the history of an environment will have it."""
        lock = stage.lock(stage.ask("python=3.12", "pypi:tool")).lock

        assert lock.targets[0].requested == ("python=3.12", "tool")


class TestHashes:
    """Everything is hashed, or refused."""

    def test_an_index_without_hashes_is_read(self, stage: Stage, index: LoopbackIndex, wheels: Path) -> None:
        """PEP 503: "Repositories SHOULD provide hashes"; where one does not, the file itself is fetched."""
        index.fail("/simple/helper/", edited(_without_hashes))

        helper = package(stage.lock(stage.ask("python=3.12", "pypi:helper")).lock, "helper")

        data = (wheels / "helper" / "helper-1.0-py3-none-any.whl").read_bytes()
        assert helper.file.hashes == {"sha256": hashlib.sha256(data).hexdigest()}
        assert helper.record is not None
        assert helper.record["sha256"] == helper.file.hashes["sha256"]
        assert helper.file.size == len(data)

    def test_a_folder_is_read(self, stage: Stage, wheels: Path) -> None:
        """The hash of a file of this machine is that of its bytes."""
        local = replace(stage, index=str(wheels))

        helper = package(local.lock(local.ask("python=3.12", "pypi:helper")).lock, "helper")

        data = (wheels / "helper" / "helper-1.0-py3-none-any.whl").read_bytes()
        assert helper.file.hashes == {"sha256": hashlib.sha256(data).hexdigest()}

    def test_a_conda_package_without_a_hash_is_refused(self, stage: Stage) -> None:
        """The error names the file, and says what to do."""
        stage.publish({"package": "bare 1.0", "content": ""})
        written = stage.channel / "linux-64" / "repodata.json"
        everywhere = written.read_text(encoding="utf-8").replace('"sha256"', '"sha-none"')
        written.write_text(everywhere, encoding="utf-8")

        with pytest.raises(UnhashedPackageError, match=r"bare-1\.0-0\.conda") as caught:
            stage.lock(stage.ask("bare"))
        assert caught.value.hint

    def test_md5_is_taken_with_a_note(self, stage: Stage) -> None:
        """Old channels have nothing better."""
        written = stage.channel / "linux-64" / "repodata.json"
        text = written.read_text(encoding="utf-8")
        for digest in _digests(text):
            text = text.replace(f'"sha256": "{digest}"', f'"md5": "{digest[:32]}"')
        written.write_text(text, encoding="utf-8")

        made = stage.lock(stage.ask("lib"))

        assert package(made.lock, "lib").file.hashes.keys() == {"md5"}
        assert made.notes == ("Only an MD5 hash, which can be forged, is published of: lib",)


class TestVariants:
    """Virtual packages decide variants, for each target by itself."""

    def test_each_target_gets_its_own(self, stage: Stage) -> None:
        """One request, three targets, three wheels."""
        platforms = ("linux-64", "gpu=linux-64", "new=linux-64")
        facts = ("gpu:__cuda=12.8", "new:__archspec=haswell")
        lock = stage.lock(stage.ask("python=3.12", "pypi:accel", platforms=platforms, facts=facts)).lock

        labels = {name: package(lock, "accel", name).variant for name in ("linux-64", "gpu", "new")}
        assert {name: variant and variant.label for name, variant in labels.items()} == {
            "linux-64": None,
            "gpu": "cu12",
            "new": "v3",
        }

    def test_the_metadata_of_the_release_is_kept_whole(self, stage: Stage) -> None:
        """PEP 825: "The ``$schema`` key MUST be preserved to facilitate versioning"."""
        asked = stage.ask("python=3.12", "pypi:accel", facts=["__cuda=12.8"])
        accel = package(stage.lock(asked).lock, "accel")

        assert accel.variants_json == DOCUMENT
        assert accel.alternatives == ()

    def test_all_variants_are_those_that_the_python_runs(self, stage: Stage) -> None:
        """PEP 825: "either all variant (and non-variant) wheels can be listed, or a subset of them"."""
        asked = stage.ask("python=3.12", "pypi:accel", facts=["__cuda=12.8"])
        accel = package(stage.lock(asked, all_variants=True).lock, "accel")

        assert [file.filename for file in accel.alternatives] == [
            "accel-1.0-py3-none-any-v3.whl",
            "accel-1.0-py3-none-any.whl",
        ]
        assert all(file.hashes for file in accel.alternatives)

    def test_wheels_that_speak_for_themselves_are_combined(self, stage: Stage, index: LoopbackIndex) -> None:
        """Without index-level metadata, that of the wheels is put together."""
        index.fail("/simple/accel/", edited(_without_document))
        asked = stage.ask("python=3.12", "pypi:accel", facts=["__cuda=12.8"])
        told = package(stage.lock(asked).lock, "accel").variants_json

        assert told is not None
        assert {**told, "variants": None} == {**DOCUMENT, "variants": None}
        assert told["variants"] == VARIANTS


class TestOtherPlatforms:
    """A lock for a platform is made anywhere."""

    def test_another_platform_gets_its_own_files(self, stage: Stage) -> None:
        """One of macOS, made wherever this test runs."""
        asked = stage.ask("python=3.12", "app", "pypi:tool", platforms=["linux-64", "osx-arm64"])
        lock = stage.lock(asked).lock

        assert [target.name for target in lock.targets] == ["linux-64", "osx-arm64"]
        assert "/osx-arm64/" in package(lock, "app", "osx-arm64").file.url
        assert package(lock, "tool", "osx-arm64").file == package(lock, "tool", "linux-64").file

    def test_an_error_names_its_target(self, stage: Stage) -> None:
        """With several targets, one must know which one has no solution."""
        asked = stage.ask("app", platforms=["linux-64", "osx-arm64"])
        asked[1] = replace(asked[1], request=replace(asked[1].request, specs=("no-such",)))

        with pytest.raises(WheelbridgeError) as caught:
            stage.lock(asked)
        assert caught.value.message.startswith("osx-arm64: ")


class TestSmallDiffs:
    """What an earlier lock has stays, unless it must move."""

    def test_a_new_release_changes_nothing(self, stage: Stage) -> None:
        """A lock is not an update; without the earlier lock, it would be."""
        asked = stage.ask("python=3.12", "app", "pypi:tool")
        before = stage.lock(asked).lock
        stage.publish("lib 1.5", {"package": "app 2.0", "depends": ["lib"]})

        assert stage.lock(asked, before).lock == before
        assert versions(stage.lock(asked).lock)["app"] == "2.0"

    def test_what_is_new_is_added_alone(self, stage: Stage) -> None:
        """The other packages are the same values."""
        before = stage.lock(stage.ask("python=3.12", "app")).lock
        stage.publish("lib 1.5", "more 1.0")
        after = stage.lock(stage.ask("python=3.12", "app", "more"), before).lock

        assert versions(after)["more"] == "1.0"
        assert [one for one in after.targets[0].packages if one.name != "more"] == [*before.targets[0].packages]

    def test_what_nobody_needs_goes(self, stage: Stage) -> None:
        """A preference is no request."""
        before = stage.lock(stage.ask("python=3.12", "app", "pypi:tool")).lock

        assert {*versions(stage.lock(stage.ask("python=3.12"), before).lock)} == {"python"}

    def test_what_does_not_fit_moves(self, stage: Stage) -> None:
        """Only that, and what it needs."""
        before = stage.lock(stage.ask("lib", "app")).lock
        stage.publish("lib 2.0", {"package": "app 2.0", "depends": ["lib"]})

        assert versions(stage.lock(stage.ask("lib", "app >=2"), before).lock) == {"app": "2.0", "lib": "1.0"}

    def test_upgrade_prefers_nothing(self, stage: Stage) -> None:
        """As if there were no lock."""
        before = stage.lock(stage.ask("app")).lock
        stage.publish("lib 2.0")

        assert versions(stage.lock(stage.ask("app"), before, upgrade=True).lock)["lib"] == "2.0"

    def test_one_package_is_upgraded(self, stage: Stage) -> None:
        """The others stay."""
        before = stage.lock(stage.ask("app")).lock
        stage.publish("lib 2.0", {"package": "app 2.0", "depends": ["lib"]})

        assert versions(stage.lock(stage.ask("app"), before, packages=["lib"]).lock) == {"app": "1.0", "lib": "2.0"}

    def test_a_package_to_upgrade_must_be_there(self, stage: Stage) -> None:
        """A typo is no upgrade."""
        before = stage.lock(stage.ask("app")).lock

        with pytest.raises(UsageError, match="'libb'"):
            stage.lock(stage.ask("app"), before, packages=["libb"])

    def test_a_better_machine_is_used(self, stage: Stage) -> None:
        """Other virtual packages: what was best then need not be now."""
        before = stage.lock(stage.ask("python=3.12", "pypi:accel")).lock
        made = stage.lock(stage.ask("python=3.12", "pypi:accel", facts=["__cuda=12.8"]), before)

        variant = package(made.lock, "accel").variant
        assert variant is not None
        assert variant.label == "cu12"
        assert any("virtual packages are others" in text for text in made.notes)

    def test_other_sources_decide_anew(self, stage: Stage) -> None:
        """A claim that changed may give a name to another source."""
        before = stage.lock(stage.ask("app")).lock
        stage.publish("lib 2.0")
        other = tuple(replace(source, claim="disabled") for source in stage.settings.sources)
        made = stage.lock(stage.ask("app", sources=other), before)

        assert versions(made.lock)["lib"] == "2.0"
        assert any("their claims are others" in text for text in made.notes)

    def test_a_route_that_is_gone_decides_anew(self, stage: Stage) -> None:
        """What it led to another source may be its owner's again."""
        route = Route(pattern="lib", sources=("channel",))
        before = stage.lock(stage.ask("lib", routes=(route,))).lock
        stage.publish("lib 2.0")
        made = stage.lock(stage.ask("lib"), before)

        assert versions(made.lock) == {"lib": "2.0"}
        assert any("routes are others" in text for text in made.notes)

    def test_a_cutoff_lets_go_of_what_is_later(self, stage: Stage) -> None:
        """What is preferred must be allowed."""
        stage.publish({"package": "lib 2.0", "built": datetime(2026, 1, 1, tzinfo=UTC)})
        before = stage.lock(stage.ask("lib")).lock
        after = stage.lock(stage.ask("lib", exclude_newer=datetime(2025, 1, 1, tzinfo=UTC)), before).lock

        assert (versions(before), versions(after)) == ({"lib": "2.0"}, {"lib": "1.0"})

    def test_an_age_that_moves_changes_nothing(self, stage: Stage) -> None:
        """``--exclude-newer 7d`` means another moment every day; a lock that is as it was stays so, byte for byte."""
        day = datetime(2026, 1, 1, tzinfo=UTC)
        before = stage.lock(stage.ask("lib", exclude_newer=day)).lock

        assert stage.lock(stage.ask("lib", exclude_newer=day.replace(day=2)), before).lock == before


def _without_hashes(page: Any) -> Any:
    for file in page["files"]:
        file["hashes"] = {}
    return page


def _without_document(page: Any) -> Any:
    page["files"] = [file for file in page["files"] if not file["filename"].endswith(".json")]
    return page


def _digests(text: str) -> set[str]:
    return {part[:64] for part in text.split('"sha256": "')[1:]}
