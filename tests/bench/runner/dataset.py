"""The backends' data: three users, whose overviews are 1 KB, 16 KB and 1 MB."""

import json
from dataclasses import dataclass
from pathlib import Path

MONEY = {"currencyCode": "EUR", "units": "12", "nanos": 500000000}
WORDS = "A pot that is watched boils all the same, only later than one thinks. "


@dataclass(frozen=True)
class Size:
    """An answer: half of it orders and small messages, half of it long texts."""

    name: str  # the id of its user
    title: str
    orders: int
    items: int  # of each order
    products: int
    description: int  # letters, of each product


SIZES = {
    size.name: size
    for size in (
        Size("small", "1 KB", orders=2, items=2, products=3, description=150),
        Size("medium", "16 KB", orders=10, items=14, products=10, description=800),
        Size("large", "1 MB", orders=10, items=1_000, products=10, description=55_000),
    )
}


def _user(size: Size) -> dict:
    return {
        "id": size.name,
        "displayName": "Alice Marchetti",
        "email": f"{size.name}@example.com",
        "location": "Turin, Italy",
        "languageCode": "it-IT",
        "tier": "TIER_GOLD",
        "createTime": "2019-03-14T09:26:53Z",
    }


def _product(size: Size, index: int) -> dict:
    text = WORDS * (size.description // len(WORDS) + 1)
    return {
        "id": f"{size.name}-{index}",
        "name": f"Watchful Pot, {index} l",
        "description": text[: size.description],
        "price": MONEY,
        "rating": 4.5,
        "ratingCount": 100 + index,
    }


def _order(size: Size, index: int) -> dict:
    nanos = 12_500_000_000 * size.items
    item = {
        "productId": f"{size.name}-1",
        "productName": "Watchful Pot, 1 l",
        "quantity": 1,
        "unitPrice": MONEY,
    }
    return {
        "id": f"{size.name}-order-{index}",
        "userId": size.name,
        "state": "STATE_DELIVERED",
        "createTime": f"2025-01-{index + 1:02}T10:00:00Z",
        "lineItems": [item] * size.items,
        "total": {
            "currencyCode": "EUR",
            "units": str(nanos // 10**9),
            "nanos": nanos % 10**9,
        },
    }


def write(directory: Path) -> dict[str, Path]:
    """Writes a file for each role, and returns them by role."""
    products = {
        size.name: [_product(size, i) for i in range(size.products)]
        for size in SIZES.values()
    }
    datasets = {
        "user": {"users": [_user(size) for size in SIZES.values()]},
        "order": {
            "orders": [
                _order(size, i) for size in SIZES.values() for i in range(size.orders)
            ]
        },
        "product": {
            "products": sum(products.values(), []),
            "recommendations": [
                {"userId": name, "productIds": [p["id"] for p in some]}
                for name, some in products.items()
            ],
        },
    }
    paths = {}
    for role, data in datasets.items():
        paths[role] = directory / f"{role}.json"
        paths[role].write_text(json.dumps(data), encoding="utf-8")
    return paths
