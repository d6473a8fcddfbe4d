//! Single flipped bits, and none.

use super::*;

#[test]
fn whole_databases_are_found_whole() {
    for settings in settings() {
        let (_folder, path) = made(&format!("{settings}{STUDIO}"));
        assert_eq!(report(&path).problems, [], "{settings}");
        let verified = verify(&path).expect("verified");
        assert_eq!(verified.problems, [], "{settings}");
        assert_eq!(verified.broken_columns, [""; 0], "{settings}");
        for (table, rows) in verified.rows {
            let counted: i64 = open(&path)
                .query_row(&format!("SELECT count(*) FROM {table} NOT INDEXED"), [], |row| {
                    row.get(0)
                })
                .expect("counted");
            assert_eq!(rows, counted.unsigned_abs(), "{table}, {settings}");
        }
    }
}

#[test]
fn whatever_sqlite_finds_in_flipped_bits_is_found() {
    let settings = settings();
    let mut score = Score::default();
    let mut dice = Dice::new(88_172_645_463_325_252);
    let each = rounds("RESPALDO_FLIPS", 600).div_ceil(settings.len());
    for settings in settings {
        let (folder, path) = made(&format!("{settings}{STUDIO}"));
        let bytes = fs::read(&path).expect("read");
        let damaged = folder.path().join("damaged.db");
        for _ in 0..each {
            let mut copy = bytes.clone();
            let place = dice.below(bytes.len());
            let bit = dice.below(8);
            copy[place] ^= 1 << bit;
            compare(
                &damaged,
                &copy,
                &format!("{settings} byte {place} bit {bit}"),
                &mut score,
            );
        }
    }
    println!("{score:?}");
    assert!(
        score.found > 60 && score.both_whole > 100,
        "{score:?}: do the flips hit anything?"
    );
}
