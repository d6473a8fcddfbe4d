//! What verification finds wrong with a database: precise lines for those who repair it, and a kind for people.

/// What is wrong with a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What the verification found, a line each, in English.
    pub problems: Vec<String>,
    /// No row is lost: `REINDEX` heals all of it.
    pub repairable: bool,
    /// What it comes down to, for people.
    pub kind: DamageKind,
    /// The backup to go back to where rows may be lost, if it was looked for.
    pub last_good: Option<Box<LastGood>>,
}

/// The newest whole backup, seen from a damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastGood {
    /// When it was made, as people read it.
    pub display: String,
    /// How many rows more the damaged file has, where they can be counted.
    pub rows_since: Option<u64>,
}

/// What damage comes down to. The later a kind stands here, the worse it is for the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DamageKind {
    /// The freelist, the pointer map or a number in the header; every row is read without them.
    Bookkeeping,
    /// An index does not hold exactly its table's rows.
    IndexDiffers(Box<DamagedIndex>),
    /// A unique index holds a key twice.
    NotUnique(Box<DamagedIndex>),
    /// Pages of an index.
    Index(Box<DamagedIndex>),
    /// A backup's contents are no longer those that were backed up.
    Changed,
    /// What the tables and indexes are cannot be read.
    Schema,
    /// The structure of the file, of no table in particular.
    #[default]
    Structure,
    /// Pages of this table.
    Rows(String),
    /// The file ends so many bytes too early.
    CutOff(u64),
}

/// An index and the table that it is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DamagedIndex {
    /// Its name.
    pub index: String,
    /// The name of its table.
    pub table: String,
}

impl Damage {
    /// Damage that `REINDEX` does not heal.
    pub fn new(kind: DamageKind, problem: impl Into<String>) -> Damage {
        Damage {
            problems: vec![problem.into()],
            repairable: false,
            kind,
            last_good: None,
        }
    }

    /// Rows may be lost: what can still be read is worth a file of its own.
    pub fn may_lose_rows(&self) -> bool {
        let lost = matches!(
            self.kind,
            DamageKind::Schema | DamageKind::Structure | DamageKind::Rows(_) | DamageKind::CutOff(_)
        );
        lost && !self.repairable
    }

    /// A file of `bytes` bytes, whose header states more.
    pub(crate) fn cut_off(bytes: u64, stated: u64) -> Damage {
        let problem = format!("the file has {bytes} bytes, its header states {stated}");
        Damage::new(DamageKind::CutOff(stated.saturating_sub(bytes)), problem)
    }

    /// With more that is wrong: of the two kinds the worse stays.
    #[must_use]
    pub(crate) fn and(mut self, other: Damage) -> Damage {
        self.problems.extend(other.problems);
        self.repairable &= other.repairable;
        self.kind = self.kind.max(other.kind);
        self
    }
}
