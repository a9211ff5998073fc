"""Exchanges, accounts and variables: what Maestro trades through, and which secrets it needs."""

from collections.abc import Mapping

from maestro.migration.report import Ledger, Outcome, children
from maestro.migration.setting import Settings, scalar
from maestro.migration.source import Node, SourceFile, Table, Value
from maestro.migration.values import truth, word

KEY_VARIABLE, SECRET_VARIABLE = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"
BLOCKS = ("exchanges", "accounts", "brokers", "crypto_exchanges", "forex_brokers", "exchange", "broker")

_PAPER = ("sandbox", "paper", "paper_trading", "testnet", "demo")
_PAPER_PATH = ("alpaca", "paper")
_OTHER = "Maestro trades through Alpaca alone"
_STAY = "let the old bot go on with it, or move the strategies' symbols to Alpaca"
_ONE_ACCOUNT = "one process trades one account, and an account before it in the files is taken"
_ALPACA_SECRETS: Mapping[str, str] = {
    **dict.fromkeys(("api_key", "key", "key_id", "api_key_id", "apikey", "alpaca_api_key", "alpaca_key"), KEY_VARIABLE),
    **dict.fromkeys(("api_secret", "secret", "secret_key", "api_secret_key", "apisecret"), SECRET_VARIABLE),
}
_VARIABLES: Mapping[str, str] = {
    **dict.fromkeys(("ALPACA_API_KEY", "ALPACA_API_KEY_ID", "ALPACA_KEY", "ALPACA_KEY_ID", KEY_VARIABLE), KEY_VARIABLE),
    **dict.fromkeys(
        ("ALPACA_API_SECRET", "ALPACA_SECRET_KEY", "ALPACA_SECRET", "ALPACA_API_SECRET_KEY", SECRET_VARIABLE),
        SECRET_VARIABLE,
    ),
}
_FIREBASE = ("FIREBASE_PROJECT_ID", "GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT", "GOOGLE_APPLICATION_CREDENTIALS")


class Venues:
    """Grows over all the files."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        self._account = ""  # where the account that is taken stands, and what its key is called there
        self._key = ""
        self.names: list[str] = []

    def take(self, key: str, block: Node) -> None:
        """Take in one block of exchanges or accounts, by name or a single one."""
        if isinstance(block, Table) and not any(isinstance(each, Table) for _, each in children(block)):
            self._venue(word(block.get("name", "type", "exchange_type")) or key, block)
        elif isinstance(block, Table):
            for name, each in children(block):
                if isinstance(each, Table) and key == "accounts" and _holds_tables(each):
                    self.take(name, each)
                elif isinstance(each, Table):
                    self._venue(name, each)
        elif isinstance(block, Value):
            self._named(block)
        self._ledger.keep_secrets(block)
        self._ledger.claim(block, Outcome.NOT_MAPPED, why=_OTHER, advice=_STAY)

    def environment(self, block: Node) -> None:
        """Take in a switch of the whole bot, such as ``environment: production`` or ``paper_trading: true``."""
        self._ledger.claim(
            block,
            Outcome.REPLACED,
            target=".".join(_PAPER_PATH),
            why="alpaca.paper chooses the account; maestro start --dry-run places no order",
        )

    def variables(self, file: SourceFile) -> None:
        """Take in a file of variables: none of them is copied, and their values are never looked at."""
        for name, node in children(file.root):
            target = _VARIABLES.get(name.upper(), "")
            if target == name:
                why, advice = "Maestro reads it from the environment", ""
            elif target:
                why, advice = f"Maestro reads it as {target}", f'export {target}="${name}"'
            elif name.startswith("MAESTRO_") or name in _FIREBASE:
                why, advice = "Maestro reads it from the environment", ""
            else:
                why, advice = "it stays in the environment; Maestro does not read it", ""
            self._ledger.variables[name] = target or ("read as it is" if not why.startswith("it") else "not read")
            self._ledger.claim(node, Outcome.KEPT, target=target, why=why, advice=advice)
        if file.root.entries:
            text = f"Maestro reads the environment and no file of variables: set -a; . {file.name}; set +a"
            self._ledger.caution(None, text)

    def _venue(self, name: str, table: Table) -> None:
        kind = word(table.get("type", "exchange_type", "exchange", "broker", "provider")) or name
        self.names.append(name)
        is_alpaca = "alpaca" in f"{kind} {name}".lower()
        self._ledger.keep_secrets(table, _ALPACA_SECRETS if is_alpaca else None)
        if not is_alpaca:
            self._ledger.caution(table.place, f"{name}: {_OTHER}; {_STAY}")
            self._ledger.claim(table, Outcome.NOT_MAPPED, why=_OTHER, advice=_STAY)
            return
        if self._account and self._key == _key_of(table):
            self._again(table)
            return
        if self._account:
            advice = "run it as a portfolio of its own, with its own settings and keys"
            self._ledger.caution(table.place, f"{name}: {_ONE_ACCOUNT} ({self._account})")
            self._ledger.claim(table, Outcome.NOT_MAPPED, why=_ONE_ACCOUNT, advice=advice)
            return
        self._account, self._key = f"{name}, {table.place}", _key_of(table)
        self._alpaca(table)

    def _again(self, table: Table) -> None:
        """Take in the same account once more; where one file calls it paper, it is."""
        switch = table.get(*_PAPER)
        if switch is not None and truth(switch) != self._settings.get(_PAPER_PATH):
            self._settings.put(_PAPER_PATH, True, str(switch.place))
            self._ledger.caution(switch.place, f"one file calls the account {self._account} a live one, one does not")
        self._ledger.claim(table, Outcome.REPLACED, target="alpaca", why=f"the same account as {self._account}")

    def _alpaca(self, table: Table) -> None:
        named = table.get("type", "exchange_type", "exchange", "broker", "provider")
        self._ledger.claim(named, Outcome.MAPPED, target="alpaca", why="what Maestro trades through")
        self._ledger.claim(table.get("name"), Outcome.REPLACED, target="alpaca", why="there is one account")
        self._ledger.claim(table.get("enabled"), Outcome.REPLACED, target="alpaca", why="the account is always there")
        switch = table.get(*_PAPER)
        if isinstance(switch, Value):
            is_paper = truth(switch)
            self._settings.put(_PAPER_PATH, is_paper, str(switch.place))
            self._ledger.claim(switch, Outcome.MAPPED, target=".".join(_PAPER_PATH), value=scalar(is_paper))
            if not is_paper:
                self._ledger.caution(switch.place, "the account is a live one: replay and dry-run before you start")
        address = table.get("base_url", "url", "endpoint")
        if "paper" in word(address) and "alpaca" in word(address) and switch is None:
            self._settings.put(_PAPER_PATH, True, str(table.place))
        self._ledger.claim(
            address, Outcome.REPLACED, target=".".join(_PAPER_PATH), why="alpaca.paper chooses Alpaca's address"
        )
        missing = "Maestro has no such setting of Alpaca"
        self._ledger.claim(table, Outcome.NOT_MAPPED, why=missing, advice="see docs/reference/settings.md#alpaca")

    def _named(self, block: Value) -> None:
        if "alpaca" in word(block).lower():
            self._ledger.claim(block, Outcome.MAPPED, target="alpaca", why="what Maestro trades through")
        elif word(block):
            self._ledger.caution(block.place, f"{word(block)}: {_OTHER}; {_STAY}")


def _key_of(table: Table) -> str:
    """Return what the account's key is written as, to tell accounts apart; it is never shown."""
    found = {key.lower(): node for key, node in children(table)}
    nodes = (found[key] for key, variable in _ALPACA_SECRETS.items() if variable == KEY_VARIABLE and key in found)
    return next((node.text for node in nodes if isinstance(node, Value)), "")


def _holds_tables(table: Table) -> bool:
    return any(isinstance(each, Table) for _, each in children(table))
