"""A tenant's life: created by steps that a second command finishes, suspended and resumed in one commit each."""

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.configuration_documents import DocumentConfigurations
from backend.adapters.documents.seam import create as created
from backend.adapters.documents.seam import delete, merge
from backend.adapters.documents.tenant_documents import DocumentTenants
from backend.domain.audit import AuditKind
from backend.domain.command import Halt
from backend.domain.errors import CommitConflict, ConfigurationError, StoreCorrupt
from backend.domain.role import Role
from backend.domain.tenant import Tenant, TenantStatus
from backend.domain.tick import TickRequest, Versions
from backend.engine.audit import verify
from backend.engine.control import command
from backend.engine.membership import add_member
from backend.engine.tenancy import resume, suspend
from tests.contract.sample_ticks import KEY, tick_commit
from tests.contract.tenant_office import CONFIGURATION, NOW, Bureau
from tests.contract.test_membership import died
from tests.fakes.faults import Countdown, Killed, Meanwhile
from tests.fakes.identities import FakeIdentities


@pytest.fixture
def bureau(documents: Documents) -> Bureau:
    return Bureau(documents, FakeIdentities("ann", "ben"))


def portfolios(bureau: Bureau, tenant_id: str = "acme") -> dict[str, str]:
    return dict(DocumentTenants(bureau.documents).standing(tenant_id).portfolios)


def test_tenant_is_created_with_owner_portfolio_and_configuration(bureau: Bureau) -> None:
    schedule = "CRON_TZ=America/New_York */15 9-16 * * 1-5"
    founded = bureau.create(name=" Acme Capital ", portfolio={"schedule": schedule})
    assert (founded.configuration, founded.was_begun) == (1, False)
    standing = DocumentTenants(bureau.documents).standing("acme")
    assert standing.tenant == Tenant(
        tenant_id="acme", name="Acme Capital", status=TenantStatus.ACTIVE, created_at=NOW, created_by="eve"
    )
    path = paths.portfolio("acme", "main")
    fields = bureau.documents.read([path])[path].fields
    assert fields == {"uid": "default", "schedule": schedule, "state": "active"}
    assert bureau.role("acme", "ann") is Role.OWNER
    (version,) = DocumentConfigurations(bureau.documents).versions("acme", last=5)
    assert (version.number, version.values, version.updated_by) == (1, CONFIGURATION, "eve")


def test_tenant_created_stands_in_the_audit_chain(bureau: Bureau) -> None:
    bureau.create()
    trail = DocumentAuditTrail(bureau.documents)
    kinds = [each.kind for each in reversed(trail.commands("acme", last=9))]
    assert kinds == [AuditKind.TENANT_CREATED, AuditKind.CONFIGURED, AuditKind.TENANT_OPENED]
    assert verify(trail, "acme").findings == ()


def test_tenant_created_paused_does_not_run(bureau: Bureau) -> None:
    bureau.create(is_paused=True)
    assert portfolios(bureau) == {"main": "paused"}


def test_tenant_that_exists_is_not_created_again(bureau: Bureau) -> None:
    bureau.create(is_paused=True)
    before = bureau.everything()
    with pytest.raises(ConfigurationError, match="maestro tenant show acme"):
        bureau.create()
    assert bureau.everything() == before


@pytest.mark.parametrize(
    "wrong",
    [{"owner": "nobody"}, {"tenant_id": "Acme"}, {"tenant_id": "a/b"}, {"name": " "}, {"owner": "x@example.com"}],
)
def test_tenant_that_can_not_be_created_leaves_nothing(bureau: Bureau, wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        bureau.create(**wrong)
    assert bureau.everything() == {}
    assert [bureau.identities.claims(uid) for uid in ("ann", "ben")] == [{}, {}]


def test_tenant_whose_owner_is_another_tenants_is_refused(bureau: Bureau) -> None:
    bureau.create("beta", "ann")
    before = bureau.everything()
    with pytest.raises(ConfigurationError, match="found a member of beta"):
        bureau.create("acme", "ann")
    assert bureau.everything() == before


def test_create_dies_anywhere_runs_nothing_and_is_finished_by_the_same_command(documents: Documents) -> None:
    whole = Bureau(documents, FakeIdentities("ann"))
    places = died(lambda countdown: whole.create("beta", countdown=countdown))
    assert len(places) == 20
    begun = 0
    for calls, after in places:
        bureau = Bureau(documents, FakeIdentities("ann", "ben"))
        bureau.documents.commit([delete(path) for path in bureau.everything()])
        with pytest.raises(Killed):
            bureau.create(countdown=Countdown(calls, after=after))
        if portfolios(bureau).get("main", "new") == "new":
            begun += bool(portfolios(bureau))
            finished = bureau.create()
            assert finished.configuration == 1
        assert portfolios(bureau) == {"main": "active"}, (calls, after)
        assert bureau.role("acme", "ann") is Role.OWNER, (calls, after)
        assert DocumentConfigurations(documents).configuration("acme").values == CONFIGURATION
        assert verify(DocumentAuditTrail(documents), "acme").findings == ()
    assert begun > 5


@pytest.mark.parametrize("other", [{"name": "Another"}, {"owner": "ben"}])
def test_tenant_that_was_begun_is_finished_only_as_it_was_begun(bureau: Bureau, other: dict[str, str]) -> None:
    with pytest.raises(Killed):
        bureau.create(countdown=Countdown(4, after=True))
    assert portfolios(bureau) == {"main": "new"}
    with pytest.raises(ConfigurationError, match="as it was begun, for 'Acme' and ann"):
        bureau.create(**other)
    assert (bureau.role("acme", "ann"), bureau.role("acme", "ben")) == (None, None)


def test_tenant_suspended_before_it_was_finished_does_not_run_when_it_is(bureau: Bureau) -> None:
    with pytest.raises(Killed):
        bureau.create(countdown=Countdown(4, after=True))
    suspend("acme", "doubt", bureau.office())
    bureau.create()
    assert portfolios(bureau) == {"main": "suspended"}
    resume("acme", "fine", bureau.office())
    assert portfolios(bureau) == {"main": "active"}


def test_tenant_that_has_documents_but_none_of_its_own_is_taken_on(bureau: Bureau) -> None:
    running = {"state": "active", "uid": "u1", "symbols": ["AAPL"]}
    own = {"risk": {"gross_limit": 0.5}}
    bureau.documents.commit(
        [created(paths.portfolio("acme", "main"), running), created(paths.configuration("acme"), own)]
    )
    bureau.create()
    path = paths.portfolio("acme", "main")
    assert bureau.documents.read([path])[path].fields == running
    assert DocumentConfigurations(bureau.documents).configuration("acme").values == own
    assert bureau.role("acme", "ann") is Role.OWNER


def test_suspended_portfolios_run_again_and_others_stay_as_they_were(bureau: Bureau) -> None:
    bureau.create()
    for name, state in (("second", "active"), ("third", "paused")):
        bureau.documents.commit([created(paths.portfolio("acme", name), {"state": state, "symbols": ["KO"]})])
    done = suspend("acme", " invoice unpaid ", bureau.office())
    assert done.was_changed
    assert portfolios(bureau) == {"main": "suspended", "second": "suspended", "third": "paused"}
    tenant = DocumentTenants(bureau.documents).standing("acme").tenant
    assert tenant is not None
    assert (tenant.status, tenant.suspended_at, tenant.suspended_by, tenant.reason) == (
        TenantStatus.SUSPENDED,
        NOW,
        "eve",
        "invoice unpaid",
    )
    assert not suspend("acme", "another", bureau.office()).was_changed
    assert resume("acme", "paid", bureau.office()).was_changed
    assert portfolios(bureau) == {"main": "active", "second": "active", "third": "paused"}
    path = paths.portfolio("acme", "second")
    assert bureau.documents.read([path])[path].fields == {"state": "active", "symbols": ["KO"]}
    own = bureau.documents.read([paths.tenant("acme")])[paths.tenant("acme")].fields
    assert own.keys() == {"tenant_id", "name", "status", "created_at", "created_by"}
    assert not resume("acme", "paid", bureau.office()).was_changed


def test_suspending_is_one_commit(bureau: Bureau) -> None:
    bureau.create()
    before = bureau.everything()
    dying = Countdown(1, after=False)
    with pytest.raises(Killed):  # it read, and did not come to write
        suspend("acme", "x", bureau.office(dying))
    assert bureau.everything() == before
    with pytest.raises(Killed):
        suspend("acme", "x", bureau.office(Countdown(1, after=True)))
    assert portfolios(bureau) == {"main": "suspended"}


def test_suspending_stands_in_the_audit_chain(bureau: Bureau) -> None:
    bureau.create()
    suspend("acme", "unpaid", bureau.office())
    resume("acme", "paid", bureau.office())
    trail = DocumentAuditTrail(bureau.documents)
    resumed, suspended = trail.commands("acme", last=2)
    assert (suspended.kind, suspended.reason, suspended.body["facts"]) == (
        AuditKind.TENANT_SUSPENDED,
        "unpaid",
        {"portfolios": {"main": "suspended"}},
    )
    assert (resumed.kind, resumed.reason) == (AuditKind.TENANT_RESUMED, "paid")
    assert verify(trail, "acme").findings == ()


def test_tick_decided_before_a_suspension_can_not_be_committed_after_it(bureau: Bureau) -> None:
    bureau.create()
    store = DocumentStore(bureau.documents)
    request = TickRequest(key=KEY, scheduled_at=NOW)
    observed = store.observe(request)
    suspend("acme", "unpaid", bureau.office())
    with pytest.raises(CommitConflict):
        store.commit(tick_commit(request, expected=Versions(trading=observed.versions.trading)))
    assert store.observe(request).portfolio["state"] == "suspended"


def test_suspending_loses_nothing_that_others_commit_meanwhile(bureau: Bureau) -> None:
    bureau.create()

    def halt() -> None:
        command(Halt(by="eve", reason="x"), tenant_id="acme", control=DocumentStore(bureau.documents), now=lambda: NOW)

    crossing = Meanwhile(DocumentTenants(bureau.documents), "change", halt)
    suspend("acme", "unpaid", bureau.office(tenants=crossing))
    standing = DocumentTenants(bureau.documents).standing("acme")
    assert (standing.trading.state, standing.portfolios) == ("HALTED", {"main": "suspended"})
    assert verify(DocumentAuditTrail(bureau.documents), "acme").findings == ()


def test_suspending_and_resuming_nobody_is_refused(bureau: Bureau) -> None:
    for change in (suspend, resume):
        with pytest.raises(ConfigurationError, match="none called 'acme'"):
            change("acme", "x", bureau.office())
        with pytest.raises(ConfigurationError, match="reason: expected one line"):
            change("acme", " ", bureau.office())
    assert bureau.everything() == {}


def test_overviews_come_by_id_page_by_page(bureau: Bureau) -> None:
    bureau.identities = FakeIdentities("ann", *(f"u{n}" for n in range(5)))
    for number in range(5):
        bureau.create(f"t{number}", f"u{number}", name=f"Tenant {number}", is_paused=number == 3)
    add_member("t1", "ann", Role.VIEWER, bureau.office())
    bureau.documents.commit([merge(paths.dashboard("t2"), {"timestamp": NOW})])
    tenants = DocumentTenants(bureau.documents)
    first = tenants.overviews(after=None, limit=3)
    rest = tenants.overviews(after="t2", limit=3)
    found = [(each.tenant.tenant_id, each.members, dict(each.portfolios), each.ticked_at) for each in [*first, *rest]]
    assert found == [
        ("t0", 1, {"main": "active"}, None),
        ("t1", 2, {"main": "active"}, None),
        ("t2", 1, {"main": "active"}, NOW),
        ("t3", 1, {"main": "paused"}, None),
        ("t4", 1, {"main": "active"}, None),
    ]
    assert tenants.standing("t2").ticked_at == NOW
    assert tenants.overviews(after="t4", limit=3) == []


def test_damaged_tenant_is_named(bureau: Bureau) -> None:
    bureau.create()
    bureau.documents.commit([merge(paths.tenant("acme"), {"status": "asleep"})])
    with pytest.raises(StoreCorrupt, match=r"tenants/acme: expected status to be one of .*'asleep'"):
        DocumentTenants(bureau.documents).standing("acme")
