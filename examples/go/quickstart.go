// A backup of studio.db with its progress, the list of all, and a restore of the newest.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"respaldo"
)

func run(ctx context.Context) error {
	store, err := respaldo.Open(respaldo.Options{"database": "studio.db", "language": "en"})
	if err != nil {
		return err
	}
	defer store.Close()

	progress := func(done, total uint64) bool {
		fmt.Println(done, "of", total, "pages")
		return true // false cancels
	}
	made, err := store.Create(ctx, respaldo.Request{"label": "before the update"}, progress)
	if err != nil {
		return err
	}
	fmt.Println("made", made.Backup.Path)

	listing, err := store.List(ctx, nil)
	if err != nil {
		return err
	}
	for _, backup := range listing.Backups { // the newest first
		fmt.Println(backup.Display, backup.Name)
	}

	restored, err := store.Restore(ctx, respaldo.Request{"backup": listing.Backups[0].Name}, nil)
	if err != nil {
		return err
	}
	fmt.Println("restored; the database as it was before is", *restored.SafetyBackup)
	return nil
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := run(ctx)
	if errors.Is(err, respaldo.DatabaseLocked) {
		log.Fatal("Close the studio's other windows first. ", err)
	}
	if err != nil {
		log.Fatal(err) // what is the matter, and what to do next
	}
}
