"""What an order costs, and how small it may be."""

from decimal import Decimal

from backend.configuration.block import Block, key


class ExecutionSettings(Block):
    """What an order costs, and how small it may be."""

    drift_band: float = key(
        0.10, "below which an entry is not topped up", unit="part of the target", sets="drift_band", ge=0, lt=1
    )
    min_order_notional: Decimal = key(
        Decimal("1.00"), "smallest entry", unit="account currency", sets="min_order_notional", ge=Decimal("0.01")
    )
    reserve_margin: Decimal = key(
        Decimal("0.01"),
        "held on top of an order by quantity, whose price can move",
        unit="part of the order",
        sets="reserve_margin",
        ge=0,
        lt=1,
    )
    shadow_slippage_bps: Decimal = key(
        Decimal(5),
        "by which virtual fills are worse than the close",
        unit="basis points",
        sets="shadow_slippage_bps",
        ge=0,
    )
    shadow_fee_bps: Decimal = key(
        Decimal(0), "of fees on virtual fills", unit="basis points", sets="shadow_fee_bps", ge=0
    )
