"""Every metric by name: what it means, what tells its series apart beside tenant and portfolio."""

from dataclasses import dataclass

PORTFOLIO = ("tenant", "portfolio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    name: str
    about: str
    labels: tuple[str, ...] = ()

    @property
    def is_counter(self) -> bool:
        return self.name.endswith("_total")


def _metric(name: str, about: str, *labels: str) -> Metric:
    return Metric(name=f"maestro_{name}", about=about, labels=(*PORTFOLIO, *labels))


_ALL = (
    _metric(
        "up", "1 when this scrape could read store and configuration, else 0, with nothing but the errors beside it"
    ),
    _metric("scrape_errors_total", "Scrapes of this process that could not"),
    _metric("trading_state", "1 for the trading state in force", "state"),
    _metric("trading_epoch", "Number of the trading state; it grows with every change of restrictions"),
    _metric("trading_restriction", "1 for each restriction in force, by who ordered it", "source", "state"),
    _metric("equity", "Equity of the account at the last accepted look, in account currency"),
    _metric("equity_timestamp_seconds", "When that look was"),
    _metric("high_water_mark", "Highest equity so far, deposits and withdrawals taken out, in account currency"),
    _metric("drawdown_ratio", "Fall of equity below the high-water mark, 0 to 1"),
    _metric("day_pnl_ratio", "Change of equity since the day's start"),
    _metric("reserved_buying_power", "Buying power that orders under way hold, in account currency"),
    _metric("limit_ratio", "Level at which a breaker or risk limit acts; absent where it is off", "limit"),
    _metric("alert_threshold_ratio", "Level from which somebody is told", "threshold"),
    _metric("open_orders", "Orders that are not final, by status", "status"),
    _metric("log_entries_total", "Entries of the tenant's log: decisions and commands"),
    _metric("last_decision_timestamp_seconds", "When the newest decision was taken"),
    _metric("next_decision_timestamp_seconds", "When the first tick after the newest decision is scheduled"),
    _metric("last_decision_orders", "Orders of the newest decision"),
    _metric("systemic_override", "1 when the newest decision turned entries into HOLD because many sold at once"),
    _metric("closed_day_timestamp_seconds", "When the last closed day was cut"),
    _metric("strategy_mode", "1 for the mode that a strategy is in", "strategy", "mode"),
    _metric("strategy_failed", "1 for each strategy that failed in the newest decision", "strategy"),
    _metric("strategy_sharpe_ratio", "Annualised Sharpe ratio that the newest decision judged by", "strategy"),
    _metric("strategy_observations", "Daily returns behind that ratio", "strategy"),
    _metric("strategy_base_weight_ratio", "Part of the account before the mode's multiplier", "strategy"),
    _metric("strategy_multiplier_ratio", "What the mode multiplies the base weight by", "strategy"),
    _metric("strategy_weight_ratio", "Weight that the allocation gives", "strategy"),
    _metric("strategy_cumulative_return_ratio", "Compounded return over the track record", "strategy"),
    _metric("strategy_sleeve_value", "Positions of the real sleeve at the last accepted prices", "strategy"),
    _metric("strategy_pnl", "All that the real sleeve has gained, at the last accepted prices", "strategy"),
    _metric("strategy_day_pnl", "Real P&L of the last closed day", "strategy"),
    _metric("strategy_day_return_ratio", "Scored return of the last closed day", "strategy"),
    _metric("allocation_cash_ratio", "Part of the account that no strategy is given"),
    _metric("allocation_turnover_ratio", "Part of the account that the newest decision's weights moved"),
    _metric("allocation_info", "1, with the method that weights come from", "method"),
    _metric("strategy_correlation_max", "Highest correlation of two strategies, −1 to 1"),
    _metric("value_at_risk_ratio", "Loss of a day that is exceeded with 1 − confidence, as a part of equity"),
    _metric("conditional_value_at_risk_ratio", "Mean loss of the days beyond the value at risk"),
    _metric("leverage_ratio", "Sum of positions ÷ equity"),
    _metric("concentration_ratio", "Largest part of equity in one symbol"),
    _metric("last_tick_stage_seconds", "What a stage of the newest tick took, where it was measured", "stage"),
    _metric("last_tick_documents", "Documents that the newest tick read and wrote", "direction"),
    _metric("last_tick_round_trips", "Round trips of the newest tick to the store"),
    _metric("last_tick_unresolved_orders", "Orders of the newest tick that the broker may or may not have"),
    _metric("consecutive_failures", "Ticks of the tenant that failed since the last one that was committed"),
    _metric("last_failure_timestamp_seconds", "When a tick of the tenant failed last"),
)
METRICS = {metric.name.removeprefix("maestro_"): metric for metric in _ALL}

# Counted in the process that ticks, by what they are.
PROCESS_METRICS = {
    "maestro_tick_stage_duration_seconds": "What the stages of a tick took, each without those within it",
    "maestro_ticks_total": "Ticks by their outcome: done, resumed from an earlier delivery, failed",
    "maestro_tick_documents_total": "Documents that ticks read and wrote, as Firestore bills them",
    "maestro_tick_round_trips_total": "Round trips of ticks to the store",
    "maestro_tick_orders_total": "Orders that ticks decided",
    "maestro_tick_fills_total": "Fills that ticks booked of their own orders",
    "maestro_tick_strategy_failures_total": "Strategies that failed in a tick",
}
