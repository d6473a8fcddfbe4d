"""Makes a studio's database of any size, with invented clients; the same seed makes the same rows.

python make_database.py tattoostudio.db               a few hundred rows, 0.2 MB
python make_database.py tattoostudio.db --scale 1000  a thousand times the clients, 100 MB
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from faker import Faker
from sqlalchemy import Connection, insert

from data.db.models import (
    Artist,
    Base,
    Client,
    PortfolioItem,
    Product,
    Setting,
    TattooSession,
    Transaction,
    User,
)
from data.db.session import make_engine

TODAY = date(2026, 3, 4)  # fixed, so that the same seed makes the same rows on any day
CLIENTS_PER_SCALE = 60
ROWS_AT_ONCE = 60 * 100

HEALTH_FLAGS = [c.name for c in Client.__table__.columns if c.name.startswith("health_")]
METHODS = ["efectivo", "tarjeta", "transferencia"]
STYLES = ["tradicional", "realismo", "blackwork", "acuarela", "lettering", "neotradicional"]
BODY_AREAS = ["brazo", "antebrazo", "espalda", "pierna", "pecho", "costillas", "mano", "cuello"]
SUPPLIES = ["Tinta negra", "Tinta roja", "Agujas RL", "Agujas RS", "Guantes", "Vaselina", "Film"]

Row = dict[str, Any]
Tables = dict[type[Base], list[Row]]


class Studio:
    """Invents rows. Names come from Faker; the rest from arithmetic, which is faster."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        fake = Faker("es_MX")
        fake.seed_instance(seed)
        self.fake = fake
        # Faker makes some ten thousand texts a second: a stock of them serves databases of any size.
        self.first_names = [fake.first_name() for _ in range(400)]
        self.last_names = [fake.last_name() for _ in range(400)]
        self.cities = [fake.city() for _ in range(40)]
        self.relations = ["madre", "padre", "pareja", "hermana", "hermano", "amiga", "amigo"]
        self.notes = [fake.paragraph(nb_sentences=3) for _ in range(200)]
        self.sessions = self.transactions = self.portfolio_items = 0

    def name(self) -> str:
        pick = self.random.choice
        return f"{pick(self.first_names)} {pick(self.last_names)} {pick(self.last_names)}"

    def phone(self) -> str:
        return f"+52 662 {self.random.randrange(10**7):07d}"

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def furniture(self) -> Tables:
        """The small tables, which do not grow with the scale."""
        artists = [
            {
                "id": i,
                "name": self.name(),
                "commission_rate": Decimal(self.random.choice([4, 5, 6])) / 10,
                "is_active": i < 6,
            }
            for i in range(1, 7)
        ]
        products = [
            {
                "sku": f"TS-{i:04d}",
                "name": f"{self.random.choice(SUPPLIES)} {i}",
                "stock": self.random.randrange(80),
                "expires_on": TODAY + timedelta(days=self.random.randrange(-30, 700)),
            }
            for i in range(1, 31)
        ]
        users = [
            {
                "username": f"{role}{i}",
                "role": role,
                "password_hash": f"pbkdf2_sha256$600000${self.fake.sha256()}",
                "is_active": True,
            }
            for i, role in enumerate(["admin", "assistant", "artist"], start=1)
        ]
        settings = [
            {"key": "studio_name", "value": "Tinta del Desierto"},
            {"key": "currency", "value": "MXN"},
            {"key": "language", "value": "es"},
        ]
        return {Artist: artists, Product: products, User: users, Setting: settings}

    def clients(self, ids: range) -> Tables:
        """These clients, with their sessions, payments and photographs."""
        rows: Tables = {Client: [], TattooSession: [], Transaction: [], PortfolioItem: []}
        for client_id in ids:
            rows[Client].append(self.client(client_id))
            for _ in range(self.random.randrange(1, 6)):
                self.add_session(rows, client_id)
        return rows

    def client(self, client_id: int) -> Row:
        name = self.name()
        handle = f"{name.split()[0].lower()}{client_id}"
        joined = datetime(TODAY.year, TODAY.month, TODAY.day) - timedelta(minutes=self.random.randrange(60 * 24 * 1500))
        flags = {flag: self.maybe(0.06) for flag in HEALTH_FLAGS}
        return flags | {
            "id": client_id,
            "name": name,
            "phone": self.phone(),
            "email": f"{handle}@example.com",
            "instagram": f"@{handle}" if self.maybe(0.7) else None,
            "city": self.random.choice(self.cities),
            "birthdate": TODAY - timedelta(days=self.random.randrange(18 * 366, 70 * 366)),
            "consent_info": True,
            "consent_image": self.maybe(0.6),
            "consent_data": True,
            "emergency_name": self.name(),
            "emergency_relation": self.random.choice(self.relations),
            "emergency_phone": self.phone(),
            "preferred_artist_id": self.random.randrange(1, 7) if self.maybe(0.5) else None,
            "notes": self.random.choice(self.notes) if self.maybe(0.8) else None,
            "created_at": joined,
        }

    def add_session(self, rows: Tables, client_id: int) -> None:
        self.sessions += 1
        artist_id = self.random.randrange(1, 7)
        start = datetime(TODAY.year, TODAY.month, TODAY.day, 10) + timedelta(
            days=self.random.randrange(-1000, 60), minutes=30 * self.random.randrange(18)
        )
        end = start + timedelta(minutes=30 * self.random.randrange(2, 10))
        price = self.random.randrange(8, 90) * 100
        past = start.date() < TODAY
        status = ("cancelled" if self.maybe(0.1) else "completed") if past else "scheduled"
        rows[TattooSession].append(
            {
                "id": self.sessions,
                "client_id": client_id,
                "artist_id": artist_id,
                "start": start,
                "end": end,
                "status": status,
                "price": price,
            }
        )
        if status != "completed":
            return
        self.transactions += 1
        deleted = self.maybe(0.03)
        rows[Transaction].append(
            {
                "id": self.transactions,
                "session_id": self.sessions,
                "artist_id": artist_id,
                "amount": price,
                "method": self.random.choice(METHODS),
                "date": end,
                "is_deleted": deleted,
                "deleted_at": end + timedelta(days=1) if deleted else None,
                "created_at": end,
                "updated_at": end,
            }
        )
        if self.maybe(0.3):
            self.portfolio_items += 1
            rows[PortfolioItem].append(
                {
                    "id": self.portfolio_items,
                    "artist_id": artist_id,
                    "client_id": client_id,
                    "session_id": self.sessions,
                    "transaction_id": self.transactions,
                    "path": f"portfolio/{start:%Y/%m}/{self.portfolio_items:06d}.jpg",
                    "style": self.random.choice(STYLES),
                    "body_area": self.random.choice(BODY_AREAS),
                }
            )


def make_database(path: str | os.PathLike[str], *, scale: int = 1, seed: int = 2026, wal: bool = False) -> None:
    """Makes a studio's database at ``path``, where there must be none yet.

    Args:
        path: the new file.
        scale: how many times the smallest database, which has some 500 rows and 0.2 MB.
        seed: another seed makes other people.
        wal: leave the database in write-ahead-log mode.
    """
    if Path(path).exists():
        raise FileExistsError(f"{os.fspath(path)} is already there")
    studio = Studio(seed)
    engine = make_engine(path)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")  # a half-made file is thrown away anyway
            connection.exec_driver_sql("PRAGMA cache_size=-400000")  # KiB: the indexes of a large one, all of them
            if wal:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            Base.metadata.create_all(connection)
            _insert(connection, studio.furniture())
            for ids in _portions(CLIENTS_PER_SCALE * scale):
                _insert(connection, studio.clients(ids))
            connection.commit()
    finally:
        engine.dispose()


def _portions(total: int) -> Iterator[range]:
    for first in range(1, total + 1, ROWS_AT_ONCE):
        yield range(first, min(first + ROWS_AT_ONCE, total + 1))


def _insert(connection: Connection, tables: Tables) -> None:
    for table, rows in tables.items():
        if rows:
            connection.execute(insert(table), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes a tattoo studio's database with invented clients.")
    parser.add_argument("path", type=Path, help="the new file, such as tattoostudio.db")
    parser.add_argument("--scale", type=int, default=1, help="how many times a few hundred rows (default 1)")
    parser.add_argument("--seed", type=int, default=2026, help="another seed makes other people")
    parser.add_argument("--wal", action="store_true", help="write-ahead-log mode")
    options = parser.parse_args()
    try:
        make_database(options.path, scale=options.scale, seed=options.seed, wal=options.wal)
    except FileExistsError as error:
        parser.error(str(error))
    print(f"{options.path}: {options.path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
