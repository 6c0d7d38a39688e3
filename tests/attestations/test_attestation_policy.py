import pytest

from wheelbridge.model.attestation import (
    AttestationMissingError,
    AttestationPolicy,
    AttestationUnwantedError,
    Subject,
    name_publisher,
    refuse_unattested,
)
from wheelbridge.model.distribution import DistributionFile

SUBJECT = Subject(project="lib", file="lib-1.0-py3-none-any.whl", sha256="ab" * 32, source="corp")


@pytest.mark.parametrize(
    ("name", "publisher", "admitted"),
    [
        pytest.param("corp-a", "github:corp/a", True, id="a glob of the name"),
        pytest.param("corp-a", "gitlab:corp/a", False, id="another service"),
        pytest.param("corp-a", "github:corp-evil/a", False, id="an owner that begins alike"),
        pytest.param("corp-x", "gitlab:group/sub/x", True, id="one of several globs"),
        pytest.param("corp-a", "gitlab:group/a", False, id="a glob of another name"),
        pytest.param("Corp-A", "github:CORP/a", True, id="case decides nothing"),
        pytest.param("other", "google:who@host.example", True, id="a name that no glob matches"),
    ],
)
def test_who_may_publish(name: str, publisher: str, admitted: bool) -> None:
    """A name that several globs match needs a publisher of one of them; any other name may have any."""
    policy = AttestationPolicy(publishers=(("corp-*", "github:Corp/*"), ("corp-x", "gitlab:group/*")))

    assert policy.admits(name, publisher) is admitted


@pytest.mark.parametrize("pattern", ["Extra_Thing", "extra.thing", "EXTRA-*", "extra__*"])
def test_a_project_in_any_spelling(pattern: str) -> None:
    """PEP 503: "any run of ``-``, ``_`` and ``.``" is one; a misspelled pattern would let anybody publish."""
    policy = AttestationPolicy(publishers=((pattern, "github:corp/*"),))

    assert policy.wanted("extra-thing", "index") == policy.wanted("Extra.Thing") == ("github:corp/*",)


def test_conda_packages_are_called_as_they_are() -> None:
    """``my_pkg`` and ``my-pkg`` are two packages of a channel, with publishers of their own."""
    policy = AttestationPolicy(publishers=(("My_Pkg", "github:a/*"), ("my-pkg", "github:b/*")))

    assert policy.wanted("my_pkg", "channel") == ("github:a/*",)
    assert policy.wanted("my-pkg", "channel") == ("github:b/*",)
    assert not policy.admits("my_pkg", "github:b/x", "channel")


@pytest.mark.parametrize(
    ("issuer", "repository", "identity", "publisher"),
    [
        ("https://token.actions.githubusercontent.com", "https://github.com/A/B", "https://…", "github:a/b"),
        ("https://gitlab.com", "https://gitlab.com/Group/Sub/B", "https://…", "gitlab:group/sub/b"),
        ("https://accounts.google.com", None, "Robot@host.example", "google:robot@host.example"),
        ("https://evil.example", "https://github.com/a/b", "https://x", "https://evil.example:https://x"),
        ("https://gitlab.com", "https://github.com/a/b", "https://x", "https://gitlab.com:https://x"),
        ("https://token.actions.githubusercontent.com", None, "x", "https://token.actions.githubusercontent.com:x"),
    ],
)
def test_what_a_publisher_is_called(issuer: str, repository: str | None, identity: str, publisher: str) -> None:
    """A repository counts only if the issuer is the service that it is on."""
    assert name_publisher(issuer, repository, identity) == publisher


@pytest.mark.parametrize(("provenance", "refused"), [(None, True), ("https://host.example/lib.provenance", False)])
def test_a_page_without_provenance_refuses_a_file(provenance: str | None, refused: bool) -> None:
    """Where attestations are required; elsewhere nothing is."""
    file = DistributionFile(filename=SUBJECT.file, url="https://host.example/lib.whl", provenance=provenance)

    refusal = refuse_unattested(file, AttestationPolicy())

    assert (refusal is not None) is refused
    assert refusal is None or (refusal.fn, refusal.code) == (SUBJECT.file, "no-provenance")
    assert refuse_unattested(file, None) is None


def test_errors_have_their_facts_as_fields() -> None:
    """A program learns what, from where, and who; a person what to change."""
    missing = AttestationMissingError(SUBJECT).as_json()
    unwanted = AttestationUnwantedError(SUBJECT, ("github:evil/lib",), ("github:corp/*",)).as_json()

    assert {**missing, "message": "", "hint": ""} == {
        "code": "attestation-missing",
        "project": "lib",
        "file": SUBJECT.file,
        "source": "corp",
        "message": "",
        "hint": "",
    }
    assert (unwanted["publishers"], unwanted["wanted"]) == (("github:evil/lib",), ("github:corp/*",))
    assert unwanted["message"] == (
        "lib-1.0-py3-none-any.whl, from 'corp', was published by github:evil/lib, and only github:corp/* may publish "
        "lib; nothing was changed"
    )
    assert "`wheelbridge sources`" in str(missing["hint"])
    assert "`wheelbridge sources`" in str(unwanted["hint"])
