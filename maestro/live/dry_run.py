"""Open the store of a dry run: the account's equity as cash, and what the tenant has configured and earned."""

from contextlib import suppress
from pathlib import Path

from backend.adapters.documents import Write, paths
from backend.adapters.documents.seam import replace
from backend.adapters.dry_run import DryRunAccount
from backend.domain.errors import CommitConflict, ConfigurationError
from backend.settings import Settings
from functions import bootstrap, stores

DRY_RUN_STORE = Path(".maestro/dry-run.db")


def dry(settings: Settings, store: Path = DRY_RUN_STORE) -> Settings:
    """Return the same settings on the dry run's store."""
    return settings.model_copy(update={"store": "sqlite", "sqlite_path": store})


def open_dry_run(settings: Settings, store: Path = DRY_RUN_STORE) -> None:
    """Open the dry run's store, or go on with the one that is there.

    The tenant's configuration and the portfolio's definition are taken over from the configured store each time, the
    track record when the account is opened. Nothing is written there.

    Raises
    ------
    ConfigurationError
        The file is another store.
    BrokerUnavailable, BrokerRefused
        The account could not be read; there is no file then.
    """
    rehearsal = dry(settings, store)
    if is_dry_run(settings):
        raise ConfigurationError(
            f"--dry-run: expected the settings to name the real store, found a dry run's at {settings.sqlite_path}; "
            "correct sqlite_path"
        )
    if store.exists():
        if not is_dry_run(rehearsal):
            raise ConfigurationError(f"{store}: expected a dry run's store, found another; move it away")
        if writes := _definitions(settings):
            stores.documents(rehearsal).commit(writes)
        return
    account = bootstrap.broker(settings, settings.tenant_id).account()
    bars = bootstrap.bars(settings, settings.tenant_id)  # before the store: what cannot start leaves no file behind
    beside = [*_definitions(settings), *_track_record(settings)]
    opening = DryRunAccount(stores.documents(rehearsal), bars, bootstrap.clock())
    with suppress(CommitConflict):  # another process opened it just now
        opening.open(account.account_id, account.equity, beside=beside)


def is_dry_run(settings: Settings) -> bool:
    return bootstrap.dry_run_account(settings, settings.tenant_id) is not None


def _definitions(settings: Settings) -> list[Write]:
    tenant = settings.tenant_id
    return _copied(settings, [paths.configuration(tenant), paths.portfolio(tenant, settings.portfolio_id)])


def _track_record(settings: Settings) -> list[Write]:
    tenant, uid = settings.tenant_id, settings.uid
    first = _copied(settings, [paths.track_record(tenant, uid)])
    shards = int(first[0].fields["shards"]) if first else 0
    return first + _copied(settings, [paths.track_record(tenant, uid, number) for number in range(1, shards)])


def _copied(settings: Settings, wanted: list[str]) -> list[Write]:
    """Copy documents that stand by themselves: no order, book, nonce or entry of the log comes over."""
    is_there = settings.store != "sqlite" or settings.sqlite_path.exists()
    found = stores.documents(settings).read(wanted) if is_there and wanted else {}
    return [replace(each.path, each.fields) for each in found.values()]
