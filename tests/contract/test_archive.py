"""A tenant is exported without loss, and deleted so that nothing of it is left anywhere, and all of the others is."""

import json
from base64 import b64decode
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

import pytest

from backend.adapters.documents import Documents, paths
from backend.adapters.documents.archive_documents import DocumentArchive
from backend.adapters.documents.lease_documents import LeaseDocuments
from backend.adapters.documents.seam import create, merge
from backend.adapters.documents.tenant_documents import DocumentTenants
from backend.adapters.documents.trading_documents import to_document
from backend.domain.errors import CommitConflict, ConfigurationError
from backend.domain.role import Role
from backend.engine.deletion import SETTLING, delete, objections, survey
from backend.engine.exporting import collection_of, export_lines
from backend.engine.membership import add_member
from tests.contract.sample_tenants import OWN, SHARED, fill, share_accounts
from tests.contract.sample_ticks import trading
from tests.contract.tenant_office import NOW, Bureau
from tests.fakes.faults import Countdown, Killed, Meanwhile
from tests.fakes.identities import FakeIdentities


@pytest.fixture
def bureau(documents: Documents) -> Bureau:
    """Two tenants; acme has a second member, and shares an account with beta."""
    made = Bureau(documents, FakeIdentities("ann", "ben", "cat", "eve"))
    fill(made, "acme", "ann")
    fill(made, "beta", "ben")
    add_member("acme", "cat", Role.VIEWER, made.office())
    share_accounts(documents)
    return made


def exported(bureau: Bureau, tenant_id: str = "acme") -> list[bytes]:
    return list(export_lines(DocumentArchive(bureau.documents), tenant_id, at=NOW))


def untagged(value: Any) -> Any:
    """Read a value back as the documentation of the format says."""
    if isinstance(value, list):
        return [untagged(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$timestamp"}:
        return datetime.fromisoformat(value["$timestamp"].replace("000Z", "+00:00"))
    if value.keys() == {"$bytes"}:
        return b64decode(value["$bytes"])
    if value.keys() == {"$map"}:
        value = value["$map"]
    return {name: untagged(each) for name, each in value.items()}


def of(tenant_id: str, everything: dict[str, Any]) -> dict[str, Any]:
    """Return the documents that are one tenant's alone."""
    beginnings = (f"tenants/{tenant_id}/", f"systemStatus/orchestration_logs/logs/{tenant_id}~")
    whole = (f"tenants/{tenant_id}", f"systemStatus/tenants/summaries/{tenant_id}")
    return {path: fields for path, fields in everything.items() if path.startswith(beginnings) or path in whole}


def test_export_has_every_document_as_a_second_read_has_it(bureau: Bureau) -> None:
    *lines, _ = exported(bureau)
    documents = {each["path"]: untagged(each["fields"]) for each in map(json.loads, lines)}
    leases = {path: documents.pop(path) for path in (paths.account_leases(OWN), paths.account_leases(SHARED))}
    assert documents == of("acme", bureau.everything())
    assert len(documents) > 20
    assert [each["holder"] for each in leases["account_leases/PA1"]["leases"]] == ["acme/main"]
    assert [each["holder"] for each in leases["account_leases/PA1"]["releases"]] == ["acme/main"]
    assert [each["holder"] for each in leases["account_leases/PA2"]["leases"]] == ["acme/second"]


def test_export_ends_with_a_trailer_that_vouches_for_the_lines_before_it(bureau: Bureau) -> None:
    *lines, last = exported(bureau)
    trailer = json.loads(last)["trailer"]
    assert (trailer["tenant_id"], trailer["documents"], trailer["exported_at"]) == ("acme", len(lines), NOW.isoformat())
    assert trailer["sha256"] == sha256(b"".join(lines)).hexdigest()
    assert sum(trailer["collections"].values()) == len(lines)
    assert trailer["collections"]["tenants/acme/orchestration_logs/*/inputs"] == 2
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)


def test_export_reads_no_further_than_it_is_asked(bureau: Bureau) -> None:
    lines = export_lines(DocumentArchive(Meanwhile(bureau.documents, "scan", _never)), "acme", at=NOW)
    assert json.loads(next(iter(lines)))["path"] == "tenants/acme"


def _never() -> None:
    raise AssertionError("nothing below was asked for yet")


def test_export_of_nobody_says_so(bureau: Bureau) -> None:
    with pytest.raises(ConfigurationError, match="found nothing"):
        list(export_lines(DocumentArchive(bureau.documents), "nobody", at=NOW))


def test_delete_leaves_nothing_of_the_tenant_and_everything_of_others(bureau: Bureau) -> None:
    others = {
        path: fields for path, fields in bureau.everything().items() if path not in of("acme", bureau.everything())
    }
    bureau.suspend()
    planned = survey("acme", bureau.clearance())
    removed = delete("acme", bureau.clearance())
    left = bureau.everything()
    assert of("acme", left) == {}
    assert {path: fields for path, fields in left.items() if path not in _shared(others)} == {
        path: fields for path, fields in others.items() if path not in _shared(others)
    }
    assert (removed.members, removed.leases, removed.credentials) == (("ann", "cat"), (SHARED, OWN), ())
    # Ending the memberships is an entry of the log, which is removed with it.
    log = "tenants/acme/audit_log"
    assert removed.documents == {**planned.documents, log: planned.documents[log] + 1}
    assert removed.documents["systemStatus/orchestration_logs/logs"] == 2
    assert [bureau.identities.claims(uid) for uid in ("ann", "cat")] == [{}, {}]
    assert sorted(bureau.identities.revoked) == ["ann", "cat"]
    assert bureau.identities.claims("ben") == {"tenant_id": "beta", "role": "owner"}


def _shared(everything: dict[str, Any]) -> list[str]:
    return [path for path in everything if path.startswith("account_leases/")]


def test_delete_takes_the_tenant_out_of_shared_leases_and_no_other(bureau: Bureau) -> None:
    leases = LeaseDocuments(bureau.documents)
    before, _ = leases.leases(SHARED)
    bureau.suspend()
    delete("acme", bureau.clearance())
    after, _ = leases.leases(SHARED)
    assert after.leases == before.leases[1:]
    assert [(each.holder, each.by) for each in after.releases] == [
        ("beta/main", "a tenant that was deleted"),
        ("beta/main", "ann@vm"),
    ]
    assert paths.account_leases(OWN) not in bureau.everything()
    assert "acme/" not in str(bureau.everything())


def test_delete_of_leases_that_another_renews_meanwhile_decides_anew(bureau: Bureau) -> None:
    bureau.suspend()
    path = paths.account_leases(SHARED)

    def renew() -> None:
        bureau.documents.commit([merge(path, {"account_id": SHARED, "renewed": True})])

    archive = DocumentArchive(Meanwhile(bureau.documents, "commit", renew))
    with pytest.raises(CommitConflict):
        archive.release("acme", SHARED)
    archive.release("acme", SHARED)
    assert "acme/main" not in str(bureau.documents.read([path])[path].fields["leases"])


def test_delete_dies_anywhere_and_is_finished_by_the_same_command(documents: Documents) -> None:
    places = [(0, False)]
    while places:
        bureau = Bureau(documents, FakeIdentities("ann", "ben", "cat"))
        bureau.create()
        add_member("acme", "cat", Role.VIEWER, bureau.office())
        share_accounts(documents)
        bureau.suspend()
        calls, after = places.pop()
        countdown = Countdown(calls, after=after)
        try:
            delete("acme", bureau.clearance(countdown))
        except Killed:
            places.append((calls + after, not after))
            is_there = bool(of("acme", bureau.everything()))
            if is_there:
                delete("acme", bureau.clearance())
        assert of("acme", bureau.everything()) == {}, (calls, after)
        assert [bureau.identities.claims(uid) for uid in ("ann", "cat")] == [{}, {}], (calls, after)
        assert "acme/" not in str(bureau.everything()), (calls, after)
    assert calls > 15


def test_delete_denies_everybody_before_it_removes_anything(bureau: Bureau) -> None:
    bureau.suspend()
    counted = Countdown(5, after=True)  # what stands, twice; the memberships ended; what stands, twice
    with pytest.raises(Killed):
        delete("acme", bureau.clearance(counted))
    standing = DocumentTenants(bureau.documents).standing("acme")
    assert (standing.members, standing.departing) == ((), ("ann", "cat"))
    assert [bureau.role("acme", uid) for uid in ("ann", "cat")] == [None, None]
    assert len(of("acme", bureau.everything())) > 20


def test_delete_refuses_a_tenant_that_is_not_suspended_whatever_is_forced(bureau: Bureau) -> None:
    before = bureau.everything()
    for force in (False, True):
        with pytest.raises(ConfigurationError, match="maestro tenant suspend acme"):
            delete("acme", bureau.clearance(), force=force)
    assert bureau.everything() == before


def test_delete_refuses_positions_and_orders_under_way_unless_forced(bureau: Bureau) -> None:
    bureau.suspend()
    standing = DocumentTenants(bureau.documents).standing("acme")
    held = replace(trading(standing.trading.log_head, first="0.30"), log_count=standing.trading.log_count)
    bureau.documents.commit([merge(paths.trading("acme"), to_document(held))])
    before = bureau.everything()
    with pytest.raises(
        ConfigurationError, match=r"1 of its orders .* its strategies hold 3.50 BRK/B in main; .*--force"
    ):
        delete("acme", bureau.clearance())
    assert bureau.everything() == before
    delete("acme", bureau.clearance(), force=True)
    assert of("acme", bureau.everything()) == {}


def test_delete_waits_until_what_had_begun_before_the_suspension_has_ended(bureau: Bureau) -> None:
    bureau.suspend()
    bureau.time -= timedelta(seconds=2)
    with pytest.raises(ConfigurationError, match="may still write until 2026-03-02 15:40:00 UTC"):
        delete("acme", bureau.clearance())
    bureau.time = NOW + SETTLING
    assert objections(DocumentTenants(bureau.documents).standing("acme"), bureau.time) == []


def test_delete_of_documents_without_a_tenant_has_to_be_forced(bureau: Bureau) -> None:
    bureau.documents.commit([create("tenants/stray/alerts/1", {"kind": "tick_failed"})])
    with pytest.raises(ConfigurationError, match="no document of its own"):
        delete("stray", bureau.clearance())
    removed = delete("stray", bureau.clearance(), force=True)
    assert removed.documents == {"tenants/stray/alerts": 1}


def test_delete_removes_what_is_written_meanwhile(bureau: Bureau) -> None:
    bureau.suspend()
    clearance = bureau.clearance()
    late = Meanwhile(
        clearance.archive,
        "remove",
        lambda: bureau.documents.commit([create("tenants/acme/alerts/late", {})]),
        after=True,
    )
    planned = survey("acme", clearance)
    removed = delete("acme", replace(clearance, archive=late))
    assert removed.documents["tenants/acme/alerts"] == planned.documents["tenants/acme/alerts"] + 1
    assert of("acme", bureau.everything()) == {}


def test_delete_removes_credentials_and_names_them(bureau: Bureau) -> None:
    class Secrets:
        def __init__(self) -> None:
            self.kept = ["broker-acme"]

        def held(self, tenant_id: str) -> list[str]:
            return list(self.kept)

        def remove(self, tenant_id: str) -> list[str]:
            removed, self.kept = self.kept, []
            return removed

    bureau.suspend()
    secrets = Secrets()
    assert survey("acme", bureau.clearance(secrets=secrets)).credentials == ("broker-acme",)
    assert delete("acme", bureau.clearance(secrets=secrets)).credentials == ("broker-acme",)
    assert secrets.kept == []


def test_survey_changes_nothing_and_of_nobody_says_so(bureau: Bureau) -> None:
    before = bureau.everything()
    found = survey("acme", bureau.clearance())
    assert found.members == ("ann", "cat")
    assert sum(found.documents.values()) + len(found.members) == len(of("acme", before))
    assert bureau.everything() == before
    with pytest.raises(ConfigurationError, match="found nothing"):
        survey("nobody", bureau.clearance())


def test_names_come_with_the_tenants_own_document_last(bureau: Bureau) -> None:
    names = list(DocumentArchive(bureau.documents).names("acme"))
    assert names[-1] == "tenants/acme"
    assert sorted(names) == sorted(of("acme", bureau.everything()))
    assert list(islice(DocumentArchive(bureau.documents).names("nobody"), 1)) == []


@pytest.mark.parametrize(
    ("path", "collection"),
    [
        ("tenants/acme", "tenants"),
        ("tenants/acme/ticks/1", "tenants/acme/ticks"),
        ("tenants/acme/orchestration_logs/1/inputs/0", "tenants/acme/orchestration_logs/*/inputs"),
        ("systemStatus/orchestration_logs/logs/acme~1", "systemStatus/orchestration_logs/logs"),
    ],
)
def test_collection_is_named_without_its_documents(path: str, collection: str) -> None:
    assert collection_of(path) == collection
