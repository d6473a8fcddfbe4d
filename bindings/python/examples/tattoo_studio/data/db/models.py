"""The studio's tables."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, ForeignKey, Index, MetaData, Numeric, String, Text, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # SQLite keeps no zone: every time in here is UTC


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Artist(Base):
    __tablename__ = "artists"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    commission_rate: Mapped[Decimal] = mapped_column(Numeric(4, 3))  # 0.500 is half
    is_active: Mapped[bool] = mapped_column(default=True, index=True)

    sessions: Mapped[list[TattooSession]] = relationship(back_populates="artist", passive_deletes="all")


class Client(Base):
    """A client, with the health data that the law makes the studio ask for and keep to itself."""

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    phone: Mapped[str | None] = mapped_column(String(40), index=True)
    email: Mapped[str | None] = mapped_column(String(120), index=True)
    instagram: Mapped[str | None] = mapped_column(String(60), index=True)
    city: Mapped[str | None] = mapped_column(String(80), index=True)
    birthdate: Mapped[date | None]

    consent_info: Mapped[bool] = mapped_column(default=False)
    consent_image: Mapped[bool] = mapped_column(default=False)
    consent_data: Mapped[bool] = mapped_column(default=False)

    emergency_name: Mapped[str | None] = mapped_column(String(120))
    emergency_relation: Mapped[str | None] = mapped_column(String(40))
    emergency_phone: Mapped[str | None] = mapped_column(String(40))

    preferred_artist_id: Mapped[int | None] = mapped_column(ForeignKey("artists.id", ondelete="RESTRICT"), index=True)

    health_allergies: Mapped[bool] = mapped_column(default=False)
    health_diabetes: Mapped[bool] = mapped_column(default=False)
    health_coagulation: Mapped[bool] = mapped_column(default=False)
    health_epilepsy: Mapped[bool] = mapped_column(default=False)
    health_cardiac: Mapped[bool] = mapped_column(default=False)
    health_anticoagulants: Mapped[bool] = mapped_column(default=False)
    health_pregnancy: Mapped[bool] = mapped_column(default=False)
    health_substances: Mapped[bool] = mapped_column(default=False)
    health_skin_condition: Mapped[bool] = mapped_column(default=False)
    health_hepatitis: Mapped[bool] = mapped_column(default=False)

    notes: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=_now, index=True)

    sessions: Mapped[list[TattooSession]] = relationship(
        back_populates="client", cascade="all, delete-orphan", passive_deletes=True
    )


class TattooSession(Base):
    """An appointment; it goes with its client, and keeps its artist from being deleted."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    artist_id: Mapped[int] = mapped_column(ForeignKey("artists.id", ondelete="RESTRICT"), index=True)
    start: Mapped[datetime] = mapped_column(index=True)
    end: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20), index=True)  # scheduled, completed or cancelled
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    client: Mapped[Client] = relationship(back_populates="sessions")
    artist: Mapped[Artist] = relationship(back_populates="sessions")
    transactions: Mapped[list[Transaction]] = relationship(back_populates="session", passive_deletes=True)


class Transaction(Base):
    """A payment. It is deleted softly; a trigger keeps ``updated_at``."""

    __tablename__ = "transactions"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    artist_id: Mapped[int] = mapped_column(ForeignKey("artists.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    method: Mapped[str] = mapped_column(String(20), index=True)  # efectivo, tarjeta, transferencia
    date: Mapped[datetime] = mapped_column(index=True)
    is_deleted: Mapped[bool] = mapped_column(default=False, index=True)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now)

    session: Mapped[TattooSession] = relationship(back_populates="transactions")


class Product(Base):
    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    stock: Mapped[int] = mapped_column(default=0)
    expires_on: Mapped[date | None] = mapped_column(index=True)


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    role: Mapped[str] = mapped_column(String(20), index=True)  # admin, assistant or artist
    password_hash: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)


class PortfolioItem(Base):
    """A photograph of finished work; it goes with the client whose skin it shows."""

    __tablename__ = "portfolio_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    artist_id: Mapped[int] = mapped_column(ForeignKey("artists.id", ondelete="RESTRICT"), index=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(300))
    style: Mapped[str] = mapped_column(String(40))
    body_area: Mapped[str] = mapped_column(String(40))

    __table_args__ = (Index("ix_portfolio_items_style_body_area", "style", "body_area"),)


class Setting(Base):
    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


@event.listens_for(Transaction.__table__, "after_create")
def _create_trigger(_table: Any, connection: Connection, **_: Any) -> None:
    connection.exec_driver_sql(
        """
        CREATE TRIGGER transactions_keep_updated_at AFTER UPDATE ON transactions
        WHEN NEW.updated_at = OLD.updated_at
        BEGIN
            UPDATE transactions SET updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now') WHERE id = NEW.id;
        END
        """
    )
