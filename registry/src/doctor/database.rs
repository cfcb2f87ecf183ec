//! The database: there, up to date, with the triggers that keep history, and with the right time.

use std::collections::BTreeSet;

use sqlx::{Row, migrate::Migrator};

use super::{Check, clock, whole};
use crate::{
    DatabaseLocation, StoreConfig,
    database::{Database, Kind},
    now_ms,
};

const CLOCK: &str = "clock of the database";
const MIGRATE: &str = "clickleaf-registry migrate";

/// Leases and times of transitions come from the clocks of several machines.
const MOST_CLOCK_DIFFERENCE_MS: i64 = 5_000;

const SQLITE_TRIGGERS: &str = "select name from sqlite_master where type = 'trigger'";
const POSTGRES_TRIGGERS: &str = "\
select t.tgname::text as name from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and t.tgenabled in ('O', 'A') and n.nspname = current_schema()";

const SQLITE_ABOUT: &str = "select 'SQLite ' || sqlite_version()";
const POSTGRES_ABOUT: &str = "select split_part(version(), ' (', 1)";
const POSTGRES_TIME: &str = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";

/// The database when its tables can be read.
pub(super) async fn examine(config: &StoreConfig, checks: &mut Vec<Check>) -> Option<Database> {
    let place = place(&config.database);
    if let DatabaseLocation::Sqlite(path) = &config.database
        && !path.exists()
    {
        checks.push(Check::fail(
            "database",
            format!("{place} isn't there"),
            format!("check database_url; {MIGRATE} makes a new one"),
        ));
        return None;
    }
    let opened = async {
        let database = Database::connect(config).await?;
        let about = match database.kind() {
            Kind::Sqlite => SQLITE_ABOUT,
            Kind::Postgres => POSTGRES_ABOUT,
        };
        let about: String = sqlx::query_scalar(about)
            .fetch_one(database.pool())
            .await
            .map_err(crate::database::doing("ask for its version"))?;
        Ok::<_, crate::RegistryError>((database, about))
    };
    let database = match opened.await {
        Ok((database, about)) => {
            checks.push(Check::pass("database", format!("{about}, {place}")));
            database
        }
        Err(error) => {
            let remedy = match config.database {
                DatabaseLocation::Sqlite(_) => {
                    "check that the file is an SQLite database that this user may write"
                }
                DatabaseLocation::Postgres(_) => "check host, port, name, user and password in database_url",
            };
            checks.push(Check::fail(
                "database",
                format!("{place}: {}", whole(&error)),
                remedy,
            ));
            return None;
        }
    };
    time(&database, checks).await;
    let migrator = database.migrator();
    if !migrations(&database, &migrator, checks).await {
        return None;
    }
    triggers(&database, &migrator, checks).await;
    Some(database)
}

async fn time(database: &Database, checks: &mut Vec<Check>) {
    if database.kind() == Kind::Sqlite {
        checks.push(Check::pass(CLOCK, "an SQLite file has no clock of its own"));
        return;
    }
    let before = now_ms();
    let there: Result<i64, _> = sqlx::query_scalar(POSTGRES_TIME).fetch_one(database.pool()).await;
    let here = before + (now_ms() - before) / 2;
    checks.push(match there {
        Ok(there) => clock(CLOCK, there - here, MOST_CLOCK_DIFFERENCE_MS),
        Err(error) => Check::fail(CLOCK, whole(&error), "check that the database answers"),
    });
}

/// Whether the tables are those that this program knows.
async fn migrations(database: &Database, migrator: &Migrator, checks: &mut Vec<Check>) -> bool {
    let name = "migrations";
    let rows = sqlx::query("select version, checksum from _sqlx_migrations where success order by version")
        .fetch_all(database.pool())
        .await;
    let mut applied: Vec<(i64, Vec<u8>)> = Vec::new();
    for row in rows.iter().flatten() {
        match (row.try_get(0), row.try_get(1)) {
            (Ok(version), Ok(checksum)) => applied.push((version, checksum)),
            _ => break,
        }
    }
    let known: Vec<(i64, &[u8])> = migrator.iter().map(|one| (one.version, &*one.checksum)).collect();
    let newest = known.last().map_or(0, |(version, _)| *version);
    if applied.is_empty() {
        checks.push(Check::fail(name, "there are no tables", MIGRATE));
        return false;
    }
    if let Some((version, _)) = applied.iter().find(|(version, _)| *version > newest) {
        checks.push(Check::fail(
            name,
            format!("the tables are at {version}, which a newer program made; this one knows {newest}"),
            "use the newer program",
        ));
        return false;
    }
    let missing = known
        .iter()
        .find(|(version, _)| !applied.iter().any(|(one, _)| one == version));
    if let Some((version, _)) = missing {
        checks.push(Check::fail(
            name,
            format!("migration {version} of {newest} isn't applied"),
            format!("stop the workers, then {MIGRATE}"),
        ));
        return false;
    }
    let other = known
        .iter()
        .find(|(version, sum)| applied.iter().any(|(one, there)| one == version && there != sum));
    if let Some((version, _)) = other {
        checks.push(Check::fail(
            name,
            format!("migration {version} was applied with another text"),
            "the tables were made by another build of the program: use that one, or restore a backup",
        ));
        return true;
    }
    checks.push(Check::pass(name, format!("all {} are applied", known.len())));
    true
}

async fn triggers(database: &Database, migrator: &Migrator, checks: &mut Vec<Check>) {
    let name = "append-only history";
    let sql = match database.kind() {
        Kind::Sqlite => SQLITE_TRIGGERS,
        Kind::Postgres => POSTGRES_TRIGGERS,
    };
    let there: Result<Vec<String>, _> = sqlx::query_scalar(sql).fetch_all(database.pool()).await;
    let there = match there {
        Ok(there) => there,
        Err(error) => {
            checks.push(Check::fail(
                name,
                whole(&error),
                "check that the user may read the catalog",
            ));
            return;
        }
    };
    let expected = expected_triggers(migrator.iter().map(|one| one.sql.as_str()));
    let missing: Vec<&str> = expected
        .iter()
        .filter(|trigger| !there.contains(trigger))
        .map(String::as_str)
        .collect();
    checks.push(if missing.is_empty() {
        Check::pass(name, format!("{} triggers refuse to rewrite it", expected.len()))
    } else {
        Check::fail(
            name,
            format!(
                "triggers are missing or switched off: {}; what they keep may have been rewritten",
                missing.join(", ")
            ),
            "compare with a backup what they keep, then make them again as registry/migrations has them",
        )
    });
}

/// The names of the triggers that are there after these migrations.
fn expected_triggers<'a>(migrations: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for sql in migrations {
        let words: Vec<&str> = sql
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .flat_map(str::split_whitespace)
            .collect();
        for three in words.windows(3) {
            match three {
                ["create", "trigger", name] => drop(names.insert((*name).to_owned())),
                ["drop", "trigger", name] => drop(names.remove(*name)),
                _ => {}
            }
        }
    }
    names
}

/// Where the database is, without user and password.
fn place(location: &DatabaseLocation) -> String {
    match location {
        DatabaseLocation::Sqlite(path) => path.display().to_string(),
        DatabaseLocation::Postgres(url) => {
            let url = url.expose();
            let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://{host}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[test]
    fn no_user_and_no_password_is_shown() {
        for (url, shown) in [
            ("postgres://u:p@h:5432/d?sslmode=require", "postgres://h:5432/d"),
            ("postgresql://h/d", "postgresql://h/d"),
            ("postgres://u:p@ss@h/d?password=x", "postgres://h/d"),
        ] {
            assert_eq!(place(&DatabaseLocation::Postgres(Secret::new(url))), shown);
        }
    }

    #[test]
    fn triggers_that_later_migrations_drop_are_not_expected() {
        let sql = [
            "create trigger a before update on t\nbegin\nend;\n-- create trigger no\ncreate trigger b before",
            "drop trigger b on t;",
        ];
        assert_eq!(
            expected_triggers(sql.into_iter()).into_iter().collect::<Vec<_>>(),
            ["a"]
        );
    }
}
