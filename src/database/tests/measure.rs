//! How long it takes.

use super::*;

/// `RESPALDO_MEASURE=file.db cargo test --release measure -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn measure() {
    let path = std::env::var_os("RESPALDO_MEASURE").expect("a database");
    let path = Path::new(&path);
    let connection = open(path);
    let file = File::open(path).expect("opens");
    let time = |what: &str, work: &mut dyn FnMut()| {
        let mut times: Vec<_> = (0..5)
            .map(|_| {
                let begun = std::time::Instant::now();
                work();
                begun.elapsed()
            })
            .collect();
        times.sort();
        println!("{what}: {:?} at best, {:?} in the middle", times[0], times[2]);
    };
    time("read the file", &mut || drop(fs::read(path)));
    time("describe", &mut || drop(schema::describe(&connection)));
    let described = schema::describe(&connection).expect("described");
    for threads in [1, 2] {
        for compare in [true, false] {
            time(&format!("verify, threads {threads}, compare {compare}"), &mut || {
                let effort = Effort { compare, threads };
                let report = pages::verify(&file, &described.schema, &Keys::random(), effort, &|| true);
                assert_eq!(report.expect("read").expect("to the end").problems, []);
            });
        }
    }
    let effort = Effort {
        compare: true,
        threads: 2,
    };
    time("all", &mut || drop(verify_pages(&connection, &file, effort, &|| true)));
    if std::env::var_os("RESPALDO_MEASURE_SQLITE").is_some() {
        let begun = std::time::Instant::now();
        println!(
            "integrity_check: {:?}",
            sqlite_check::check_all(&connection, true).map(|_| begun.elapsed())
        );
    }
}
