// What Go's users expect: errors.As and errors.Is, a context, panics, closing.
package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"respaldo"
)

func opened(t *testing.T) *respaldo.Store {
	t.Helper()
	folder := t.TempDir()
	bytes, err := os.ReadFile(os.Getenv("STUDIO"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "studio.db")
	if err := os.WriteFile(path, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := respaldo.Open(respaldo.Options{"database": path, "language": "en"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func TestAnswersAreTypedAndWhole(t *testing.T) {
	store, steps := opened(t), 0
	progress := func(done, total uint64) bool { steps++; return done <= total }
	made, err := store.Create(ctx, respaldo.Request{"label": "first"}, progress)
	if err != nil || steps == 0 || *made.Backup.Label != "first" || len(made.Backup.Raw) == 0 {
		t.Fatal(made, err, steps)
	}
	listing, err := store.List(ctx, nil)
	if err != nil || len(listing.Backups) != 1 || listing.Backups[0].Content.Tables["clients"] != 400 {
		t.Fatal(listing, err)
	}
	if last, err := store.LastBackup(ctx); err != nil || last.LastBackupAt == nil {
		t.Fatal(last, err)
	}
}

func TestErrors(t *testing.T) {
	store := opened(t)
	_, err := store.Restore(ctx, respaldo.Request{"backup": "none.db"}, nil)
	var failure *respaldo.Error
	if !errors.As(err, &failure) || failure.Name != "BACKUP_NOT_FOUND" || failure.Hint == "" || failure.Path == nil {
		t.Fatal(err)
	}
	if !errors.Is(err, respaldo.BackupNotFound) || errors.Is(err, respaldo.DiskFull) {
		t.Fatal(err)
	}
	if _, err := store.List(ctx, respaldo.Request{"tomorrow": true}); !errors.Is(err, respaldo.InvalidArgument) {
		t.Fatal(err)
	}
	if _, err := respaldo.Open(respaldo.Options{}); !errors.Is(err, respaldo.InvalidArgument) {
		t.Fatal(err)
	}
}

func TestCancelling(t *testing.T) {
	store := opened(t)
	if _, err := store.Create(ctx, nil, func(_, _ uint64) bool { return false }); !errors.Is(err, respaldo.Cancelled) {
		t.Fatal(err)
	}
	cancellable, cancel := context.WithCancel(ctx)
	progress := func(_, _ uint64) bool { cancel(); return cancellable.Err() == nil }
	if _, err := store.Create(cancellable, nil, progress); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := store.List(cancellable, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if listing, err := store.List(ctx, nil); err != nil || len(listing.Backups) != 0 {
		t.Fatal(listing, err)
	}
}

func TestAPanicInProgressGoesOn(t *testing.T) {
	store := opened(t)
	defer func() {
		if reason := recover(); reason != "mine" {
			t.Fatal(reason)
		}
	}()
	_, err := store.Create(ctx, nil, func(_, _ uint64) bool { panic("mine") })
	t.Fatal("not reached", err)
}

func TestClosing(t *testing.T) {
	store := opened(t)
	if store.Close() != nil || store.Close() != nil {
		t.Fatal("a store closes twice")
	}
	if _, err := store.List(ctx, nil); !errors.Is(err, respaldo.InvalidHandle) {
		t.Fatal(err)
	}
}
