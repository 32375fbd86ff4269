//! A PostgreSQL of the tests' own: one server per test process, one database per test.
//!
//! It is started from the machine's `initdb` and `pg_ctl`, in a temporary folder and on a socket there. A shell holds it, and takes it
//! down and removes the folder when this process ends, however it ends: the shell's standard input closes then.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection};

struct Server {
    socket: String,
    /// Keeps the shell's input open for as long as this process lives.
    _shell: Child,
}

/// The address of an empty database; `None`, and said so, where there is no PostgreSQL. With `RETROFIT_REQUIRE_POSTGRES=1` that is a
/// failure.
pub fn database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Some(server) = SERVER.get_or_init(start) else {
        assert!(
            std::env::var("RETROFIT_REQUIRE_POSTGRES").as_deref() != Ok("1"),
            "PostgreSQL is required, and neither PATH nor /usr/lib/postgresql has initdb and pg_ctl"
        );
        // Past the harness, which hides what a passing test prints.
        let told = b"skipped on PostgreSQL: this machine has no initdb and pg_ctl\n";
        std::io::stderr().write_all(told).unwrap();
        return None;
    };
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = PgConnection::establish(&url(&server.socket, "postgres")).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    Some(url(&server.socket, &name))
}

fn url(socket: &str, database: &str) -> String {
    format!("postgres:///{database}?host={socket}&user=postgres")
}

const SCRIPT: &str = r#"
set -eu
dir=$(mktemp -d)
trap 'pg_ctl -D "$dir/data" -m immediate -s stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
pg_ctl -D "$dir/data" -l "$dir/log" -s -w \
    -o "-k $dir -c listen_addresses='' -c fsync=off -c full_page_writes=off -c synchronous_commit=off" start \
    </dev/null || { cat "$dir/log" >&2; exit 1; }
chmod 755 "$dir"
echo "$dir"
cat >/dev/null
"#;

fn start() -> Option<Server> {
    let programs = programs()?;
    // The server refuses to run as root.
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", SCRIPT]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]);
        command
    };
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = command
        .env("PATH", format!("{}:{path}", programs.display()))
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut socket = String::new();
    BufReader::new(shell.stdout.take().unwrap())
        .read_line(&mut socket)
        .unwrap();
    assert!(socket.starts_with('/'), "PostgreSQL could not be started");
    Some(Server {
        socket: socket.trim_end().to_owned(),
        _shell: shell,
    })
}

/// The folder that has `initdb` and `pg_ctl`: one of PATH, else Debian's, the latest version.
fn programs() -> Option<PathBuf> {
    let in_path = std::env::var("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&in_path).collect();
    let mut debian: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    debian.sort();
    folders.extend(debian.into_iter().rev());
    let whole = |folder: &PathBuf| {
        ["initdb", "pg_ctl"]
            .iter()
            .all(|program| Path::new(folder).join(program).exists())
    };
    folders.into_iter().find(whole)
}
